"""Kills a store's process again and again: python tests/crash/crash_driver.py --kills 2000."""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crash_verdict import Verdict

CHILD = Path(__file__).with_name("crash_child.py")
# Failpoints with how often they are passed at most before they kill.
FAILPOINTS = {
    "sqlite-before-commit": 60,
    "sqlite-half-written": 4,
    "sqlite-after-commit": 60,
    "sqlite-before-delivery": 60,
    "sqlite-before-answer": 60,
    "sqlite-in-compaction": 6,
    "sqlite-before-checkpoint": 3,
    "sqlite-after-checkpoint": 3,
}
# A life ends at a random moment up to then, from opening the file on.
LONGEST_LIFE_SECONDS = 0.12
# Until then every failpoint has been passed often enough on any machine.
PATIENCE_SECONDS = 20.0


class Driver:
    """One store and its short-lived processes."""

    def __init__(self, directory, seed):
        self._directory = Path(directory)
        self._random = random.Random(seed)
        self._seed = seed
        self._lives = 0
        self.verdict = Verdict()
        self.kills = collections.Counter()
        self._nursery = subprocess.Popen(
            [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def kill(self):
        """One life that ends with SIGKILL, at a failpoint or at any moment."""
        failpoint = self._random.choice([*FAILPOINTS, *["any moment"] * 6])
        if failpoint == "any moment":
            self._live(longest=self._random.uniform(0.0, LONGEST_LIFE_SECONDS))
        else:
            passes = self._random.randint(1, FAILPOINTS[failpoint])
            self._live(f"{failpoint}@{passes}", longest=PATIENCE_SECONDS)
        self.kills[failpoint] += 1

    def finish(self):
        """A last life that ends well, and the end of the verdict."""
        code = self._live(seconds=0.0, longest=PATIENCE_SECONDS, expected=0)
        self.verdict.end()
        self._nursery.stdin.close()
        self._nursery.wait()
        self._nursery.stdout.close()
        return code

    def _live(self, failpoints="", *, longest, seconds=PATIENCE_SECONDS, expected=-signal.SIGKILL):
        self._lives += 1
        journal = self._directory / "journal"
        order = {
            "path": str(self._directory / "state.db"),
            "journal": str(journal),
            "seed": f"{self._seed}.{self._lives}",
            "watch_from": self.verdict.watched_revision + 1,
            "failpoints": failpoints,
            "seconds": seconds,
        }
        self._nursery.stdin.write(json.dumps(order) + "\n")
        self._nursery.stdin.flush()
        child = int(self._nursery.stdout.readline())
        if not select.select([self._nursery.stdout], [], [], longest)[0]:
            assert not failpoints, f"{failpoints} was not reached"
            os.kill(child, signal.SIGKILL)
        code = int(self._nursery.stdout.readline())
        assert code == expected, f"the process ended with {code}"
        if journal.exists():
            self.verdict.read(journal)
            journal.unlink()
        return code


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        driver = Driver(directory, options.seed)
        for _ in range(options.kills):
            driver.kill()
        driver.finish()
    verdict = driver.verdict
    print(f"{options.kills} kills in {time.monotonic() - start:.0f} s, no promise broken")
    print(f"acknowledged transactions: {verdict.acknowledged}, revision {verdict.revision}")
    print(f"without an answer: {verdict.happened} happened, {verdict.vanished} did not")
    for place, count in sorted(driver.kills.items()):
        print(f"  {place}: {count}")


if __name__ == "__main__":
    main()
