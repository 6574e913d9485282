"""Ciphers and transformers: what is stored, and who can read it."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kapi.storage.encryption.ciphers import CipherError
from kapi.storage.encryption.configuration import ConfigurationError, read_configuration
from kapi.storage.encryption.kms import EncryptedSeed, KMSCipher
from kapi.util.clock import FakeClock
from kapi.util.ids import RandomIDs

KEY_1 = base64.b64encode(b"k" * 32).decode()
KEY_2 = base64.b64encode(b"l" * 32).decode()
CONTEXT = b"/registry/secrets/default/a"


def configuration(*providers, resources="[secrets]"):
    listed = "".join(f"      - {provider}\n" for provider in providers)
    return (
        "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
        f"  - resources: {resources}\n    providers:\n{listed}"
    ).encode()


def keys(kind, *pairs):
    items = ", ".join(f"{{name: {name}, secret: '{secret}'}}" for name, secret in pairs)
    return f"{kind}: {{keys: [{items}]}}"


def read(data):
    return read_configuration(data, FakeClock(), RandomIDs())


def secrets(*providers):
    return read(configuration(*providers)).of("", "secrets")


@pytest.mark.parametrize("kind", ["aescbc", "aesgcm", "secretbox"])
def test_each_provider_reads_what_it_has_written(kind):
    """Under the prefix that kube-apiserver uses, different each time, and never in the clear."""
    transformer = secrets(keys(kind, ("key1", KEY_1)), "identity: {}")
    stored = [transformer.to_storage(b"plain text", CONTEXT) for _ in range(2)]
    assert stored[0] != stored[1]
    for data in stored:
        assert data.startswith(b"k8s:enc:%b:v1:key1:" % kind.encode())
        assert b"plain" not in data
        assert transformer.from_storage(data, CONTEXT) == (b"plain text", False)
    assert transformer.from_storage(b'{"kind":"Secret"}', CONTEXT) == (b'{"kind":"Secret"}', True)
    for end in (len(stored[0]) - 1, 25):
        with pytest.raises(CipherError):
            transformer.from_storage(stored[0][:end], CONTEXT)


def test_values_written_by_others_are_read():
    """Made with the primitives alone: the layout of kube-apiserver's values."""
    sealed = bytes(range(12)) + AESGCM(b"k" * 32).encrypt(bytes(range(12)), b"v", CONTEXT)
    gcm = secrets(keys("aesgcm", ("a", KEY_1)))
    assert gcm.from_storage(b"k8s:enc:aesgcm:v1:a:" + sealed, CONTEXT) == (b"v", False)
    with pytest.raises(CipherError, match="authentication failed"):
        gcm.from_storage(b"k8s:enc:aesgcm:v1:a:" + sealed, b"/registry/secrets/default/b")
    # printf hello | openssl enc -aes-256-cbc -K 6b6b...6b -iv 3030...30
    block = bytes.fromhex("8a103b7b0f20820c760d88533a8ff386")
    cbc = secrets(keys("aescbc", ("a", KEY_1)))
    assert cbc.from_storage(b"k8s:enc:aescbc:v1:a:" + b"0" * 16 + block, b"") == (b"hello", False)


def test_keys_are_rotated_by_order():
    """The first key writes, all read, and what another one wrote is stale."""
    old = secrets(keys("aescbc", ("one", KEY_1)))
    both = secrets(keys("aescbc", ("two", KEY_2), ("one", KEY_1)), "identity: {}")
    new = secrets(keys("aescbc", ("two", KEY_2)))
    data = old.to_storage(b"v", CONTEXT)
    assert both.from_storage(data, CONTEXT) == (b"v", True)
    rewritten = both.to_storage(b"v", CONTEXT)
    assert rewritten.startswith(b"k8s:enc:aescbc:v1:two:")
    assert new.from_storage(rewritten, CONTEXT) == (b"v", False)
    with pytest.raises(CipherError, match="no matching prefix found"):
        new.from_storage(data, CONTEXT)
    with pytest.raises(CipherError, match="identity transformer tried to read encrypted data"):
        secrets("identity: {}").from_storage(data, CONTEXT)


def test_the_most_specific_entry_counts():
    """A resource by name, then its group, then everything; what is not listed stays clear."""
    data = b"""
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: ['*.apps', widgets.example.com]
  providers: [%b]
- resources: [deployments.apps]
  providers: [{identity: {}}]
- resources: ['*.']
  providers: [%b]
""" % (
        b"{%b}" % keys("aesgcm", ("group", KEY_1)).encode(),
        b"{%b}" % keys("aesgcm", ("core", KEY_1)).encode(),
    )
    found = read(data)
    assert found.of("apps", "daemonsets").to_storage(b"", b"")[18:24] == b"group:"
    assert found.of("example.com", "widgets").to_storage(b"", b"")[18:24] == b"group:"
    assert found.of("apps", "deployments").to_storage(b"v", b"") == b"v"
    assert found.of("", "secrets").to_storage(b"", b"")[18:23] == b"core:"
    assert found.of("batch", "jobs").to_storage(b"v", b"") == b"v"
    everything = read(configuration(keys("aesgcm", ("all", KEY_1)), resources="['*.*']"))
    assert everything.of("batch", "jobs").to_storage(b"", b"")[18:22] == b"all:"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "no YAML"),
        (b"kind: Pod", "unknown field|no EncryptionConfiguration"),
        (configuration(), r"resources\[0\].providers: at least one item"),
        (configuration("identity: {}, kms: {}"), "mapping|no YAML|exactly one"),
        (configuration("rot13: {}"), "unknown field 'rot13'"),
        (configuration(keys("aescbc", ("a", "c2hvcnQ="))), r"keys\[0\].secret: .* 5 bytes"),
        (configuration(keys("secretbox", ("a", "!!"))), "must be base64"),
        (configuration(keys("aesgcm", ("a", KEY_1), ("a", KEY_2))), "'a' is used twice"),
        (configuration("identity: {}", resources="[secrets, secrets]"), "configured twice"),
        (configuration("identity: {}", resources="['*']"), r"use '\*\.<group>'"),
        (configuration("identity: {}", resources="[Secrets]"), "lower case"),
        (configuration("kms: {name: a, endpoint: 'unix:///x'}"), "only v2 is supported"),
        (configuration("kms: {apiVersion: v2, name: a, endpoint: 'http://x'}"), "unix:///"),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_line(data, message):
    """The place is named."""
    with pytest.raises(ConfigurationError, match=message) as refused:
        read(data)
    assert "\n" not in str(refused.value)


class Plugin:
    """A KMS plugin that encrypts by turning bytes around."""

    def __init__(self):
        self.key_id = "1"
        self.calls = []

    def status(self):
        return self.key_id

    def encrypt(self, plaintext, uid):
        self.calls.append("encrypt")
        return EncryptedSeed(plaintext[::-1], self.key_id, (("a.example.com", b"x"),))

    def decrypt(self, seed, uid):
        self.calls.append("decrypt")
        assert seed.annotations == (("a.example.com", b"x"),)
        return seed.ciphertext[::-1]


def test_kms_seeds_are_encrypted_once_and_read_by_any_server():
    """The plugin is asked for seeds, not for values, and again when its key changes."""
    clock, plugin = FakeClock(), Plugin()
    one = KMSCipher(plugin, clock, RandomIDs())
    data = [one.encrypt(b"value %d" % n, CONTEXT) for n in range(5)]
    assert plugin.calls == ["encrypt"]
    assert len(set(data)) == 5
    two = KMSCipher(plugin, clock, RandomIDs())
    assert [two.decrypt(each, CONTEXT) for each in data] == [b"value %d" % n for n in range(5)]
    assert plugin.calls == ["encrypt", "decrypt"]
    with pytest.raises(CipherError):
        two.decrypt(data[0], b"/registry/other")
    plugin.key_id = "2"
    assert not one.is_stale(data[0])
    clock.advance(61)
    assert one.is_stale(data[0])
    assert not one.is_stale(one.encrypt(b"", CONTEXT))


def test_kms_values_have_the_documented_layout():
    """Data, key id, encrypted seed, annotations and the kind of seed; the key by HKDF."""
    cipher = KMSCipher(Plugin(), FakeClock(), RandomIDs(), random=lambda size: b"r" * size)
    data = cipher.encrypt(b"v", CONTEXT)
    key = hmac.digest(b"r" * 32, b"r" * 32 + b"\x01", hashlib.sha256)
    sealed = b"r" * 32 + b"r" * 12 + AESGCM(key).encrypt(b"r" * 12, b"v", CONTEXT)
    annotation = b"\x0a\x0da.example.com\x12\x01x"
    assert data == (
        b"\x0a"
        + bytes([len(sealed)])
        + sealed
        + b"\x12\x011"
        + b"\x1a\x20"
        + b"r" * 32
        + b"\x22"
        + bytes([len(annotation)])
        + annotation
        + b"\x28\x01"
    )
