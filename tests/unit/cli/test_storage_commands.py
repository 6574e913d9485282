"""The commands that work on a store: snapshot, restore, storage rewrite."""

from __future__ import annotations

import asyncio
import base64
import gc
import json

import pytest

from kapi.cli.main import main
from kapi.storage.sqlite import SQLiteEngine

KEY = "/registry/secrets/default/a"
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "a", "namespace": "default", "uid": "u"},
    "data": {"k": "cGxhaW4="},
    "type": "Opaque",
}


@pytest.fixture(autouse=True)
def garbage_collection():
    """The commands switch it off for their start."""
    yield
    gc.enable()


@pytest.fixture
def directory(tmp_path):
    """A data directory with one Secret in it."""
    path = tmp_path / "data"
    path.mkdir()
    write(path, json.dumps(SECRET, separators=(",", ":")).encode())
    return path


def write(directory, value):
    async def run():
        engine = await SQLiteEngine.open(str(directory / "state.db"))
        await engine.put(KEY, value)
        await engine.close()

    asyncio.run(run())


def stored(directory):
    async def run():
        engine = await SQLiteEngine.open(str(directory / "state.db"))
        found = await engine.get(KEY)
        await engine.close()
        return found.value

    return asyncio.run(run())


def test_a_snapshot_is_restored_into_another_directory(directory, tmp_path, capsys):
    """One line tells how much; what is there is only replaced when told to."""
    file = str(tmp_path / "file")
    assert main(["snapshot", file, "--data-dir", str(directory)]) == 0
    assert "1 objects at revision 2" in capsys.readouterr().out
    other = tmp_path / "other"
    assert main(["restore", file, "--data-dir", str(other)]) == 0
    assert stored(other) == stored(directory)
    write(directory, b"newer")
    assert main(["restore", file, "--data-dir", str(directory)]) == 1
    assert "is not empty, it has 1 keys (see --replace)" in capsys.readouterr().err
    assert stored(directory) == b"newer"
    assert main(["restore", file, "--data-dir", str(directory), "--replace"]) == 0
    assert stored(directory) == stored(other)
    assert (directory / "state.db.replaced").exists()


def test_what_is_no_snapshot_is_refused_in_one_line(directory, tmp_path, capsys):
    """Nothing is changed."""
    file = tmp_path / "file"
    file.write_bytes(b"something else")
    assert main(["restore", str(file), "--data-dir", str(directory), "--replace"]) == 1
    assert capsys.readouterr().err == f"kapi restore: {file} is not a snapshot of kapi\n"
    assert stored(directory).startswith(b"{")


def test_storage_is_rewritten_with_the_current_provider(directory, tmp_path, capsys):
    """From clear to encrypted, to another key, and to clear again."""
    config = tmp_path / "encryption.yaml"
    flags = ["--data-dir", str(directory), "--encryption-provider-config", str(config)]

    def provider(name):
        secret = base64.b64encode(name.encode() * 16).decode()
        return f"{{secretbox: {{keys: [{{name: {name}, secret: {secret}}}]}}}}"

    for providers, prefix in (
        ([provider("a1"), "{identity: {}}"], b"k8s:enc:secretbox:v1:a1:"),
        ([provider("b2"), provider("a1")], b"k8s:enc:secretbox:v1:b2:"),
        (["{identity: {}}", provider("b2")], b'{"apiVersion":"v1","kind":"Secret"'),
    ):
        config.write_text(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n"
            f"resources: [{{resources: [secrets], providers: [{', '.join(providers)}]}}]\n"
        )
        assert main(["storage", "rewrite", *flags]) == 0
        assert "objects rewritten" in capsys.readouterr().out
        assert stored(directory).startswith(prefix)
    assert json.loads(stored(directory)) == SECRET


def test_a_wrong_encryption_configuration_is_told_in_one_line(directory, tmp_path, capsys):
    """The file and the place are named."""
    config = tmp_path / "encryption.yaml"
    config.write_text("kind: Pod\n")
    flags = ["--data-dir", str(directory), "--encryption-provider-config", str(config)]
    assert main(["storage", "rewrite", *flags]) == 1
    message = capsys.readouterr().err
    assert message.startswith(f"kapi storage: {config}: it is no EncryptionConfiguration")
    assert message.count("\n") == 1
