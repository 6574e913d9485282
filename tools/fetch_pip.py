"""Puts pip into the virtual environment that runs this, where Python came without pip.

Downloads the newest pip wheel from the package index (PyPI, or PIP_INDEX_URL), checks its SHA-256
and lets it install itself. Needs only the standard library.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

_JSON = "application/vnd.pypi.simple.v1+json"
_RELEASE = re.compile(r"pip-(\d+(?:\.\d+)+)-py3-none-any\.whl")


def main() -> None:
    """Download pip and install it."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    request = urllib.request.Request(index, headers={"Accept": _JSON})
    with urllib.request.urlopen(request) as answer:
        files = json.load(answer)["files"]
    version, file = max(
        (tuple(map(int, match[1].split("."))), position)
        for position, each in enumerate(files)
        if (match := _RELEASE.fullmatch(each["filename"]))
    )
    chosen = files[file]
    with urllib.request.urlopen(urljoin(index, chosen["url"])) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != chosen["hashes"]["sha256"]:
        sys.exit(f"pip {version}: the download is damaged")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, chosen["filename"])
        path.write_bytes(wheel)
        command = [sys.executable, f"{path}/pip", "install", "-q", "--no-index", str(path)]
        subprocess.run(command, check=True)


main()
