"""--admission-control-config-file that cannot be used."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot read {file}: No such file or directory"),
        ("kind: Pod", "{file}: it is no AdmissionConfiguration of apiserver.config.k8s.io/v1"),
    ],
)
def test_bad_file(kapi_once, tmp_path, text, message):
    """The command ends with code 1 and one line that tells what to mend."""
    file = tmp_path / "admission.yaml"
    if text is not None:
        file.write_text(text)
    code, output, errors = kapi_once(
        "up",
        "--ephemeral",
        "--port=0",
        f"--data-dir={tmp_path / 'data'}",
        f"--admission-control-config-file={file}",
    )
    told = message.format(file=file)
    expected = f"kapi up: --admission-control-config-file: {told}\n"
    assert (code, output, errors) == (1, "", expected)
