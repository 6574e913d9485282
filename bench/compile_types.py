"""Measures how long the decoders of the largest kinds take to compile, for each minor version.

    python bench/compile_types.py [--attempts N]

Prints the best of the attempts in milliseconds of processor time: what the first request for a kind
pays.
"""

from __future__ import annotations

import argparse
import time

from kapi.apimachinery.scheme import Scheme
from kapi.apimachinery.types import GroupVersionKind

# A Pod has the most types, a CronJob holds one in three layers.
KINDS = (GroupVersionKind("", "v1", "Pod"), GroupVersionKind("batch", "v1", "CronJob"))
MINORS = range(25, 38)


def compile_seconds(minor: int, gvk: GroupVersionKind, attempts: int) -> float:
    """The best of some attempts, each with types that nothing has used yet."""
    best = float("inf")
    for _ in range(attempts):
        scheme = Scheme.load(minor)
        start = time.process_time()
        kind = scheme.type(gvk)
        assert kind is not None
        scheme.compiler.decoder(kind)
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Measure and print a line for each version."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--attempts", type=int, default=10)
    attempts = parser.parse_args().attempts
    print(f"{'':8}" + "".join(f"{gvk.kind:>12}" for gvk in KINDS))
    for minor in MINORS:
        times = [compile_seconds(minor, gvk, attempts) * 1000 for gvk in KINDS]
        print(f"1.{minor:<6}" + "".join(f"{each:>9.1f} ms" for each in times))


if __name__ == "__main__":
    main()
