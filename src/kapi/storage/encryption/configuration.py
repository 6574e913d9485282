"""Reads an EncryptionConfiguration (apiserver.config.k8s.io/v1)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from kapi.apimachinery.serializer.yaml import YAMLError, load
from kapi.storage.encryption.ciphers import (
    AESCBCCipher,
    AESGCMCipher,
    Cipher,
    IdentityCipher,
    SecretboxCipher,
)
from kapi.storage.encryption.kms import GRPCPlugin, KMSCipher
from kapi.storage.encryption.transformer import Provider, Transformer, Transformers

if TYPE_CHECKING:
    from collections.abc import Callable

    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.util.clock import Clock
    from kapi.util.ids import IDSource

__all__ = ["ConfigurationError", "read_configuration"]

_VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1")
_AES_KEY_BYTES = (16, 24, 32)
_SECRETBOX_KEY_BYTES = (32,)
_DEFAULT_KMS_SECONDS = 3.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class ConfigurationError(Exception):
    """The configuration cannot be used; the text is one line and names the place."""


def read_configuration(data: bytes, clock: Clock, ids: IDSource) -> Transformers:
    """The transformers that a file asks for; raises ConfigurationError."""
    try:
        document = load(data).value
    except YAMLError as error:
        raise ConfigurationError(f"it is no YAML: {error}") from None
    config = _mapping(document, "the configuration", {"apiVersion", "kind", "resources"})
    if config.get("apiVersion") not in _VERSIONS or config.get("kind") != "EncryptionConfiguration":
        raise ConfigurationError(f"it is no EncryptionConfiguration of {_VERSIONS[0]}")
    reader = _Reader(clock, ids)
    entries = _items(config.get("resources"), "resources")
    for index, entry in enumerate(entries):
        reader.read(entry, f"resources[{index}]")
    return Transformers(reader.transformers)


class _Reader:
    def __init__(self, clock: Clock, ids: IDSource) -> None:
        self._clock = clock
        self._ids = ids
        self._kms_names: set[str] = set()
        self.transformers: dict[str, Transformer] = {}

    def read(self, entry: JSONValue, path: str) -> None:
        """One entry of ``resources``: which resources, and their providers."""
        fields = _mapping(entry, path, {"resources", "providers"})
        names = [
            _resource(name, f"{path}.resources[{index}]")
            for index, name in enumerate(_items(fields.get("resources"), f"{path}.resources"))
        ]
        providers: list[Provider] = []
        given = _items(fields.get("providers"), f"{path}.providers")
        for index, provider in enumerate(given):
            providers += self._providers(provider, f"{path}.providers[{index}]")
        transformer = Transformer(providers)
        for name in names:
            if name in self.transformers:
                raise ConfigurationError(f"{path}.resources: {name!r} is configured twice")
            self.transformers[name] = transformer

    def _providers(self, provider: JSONValue, path: str) -> list[Provider]:
        fields = _mapping(provider, path, {"aesgcm", "aescbc", "secretbox", "identity", "kms"})
        if len(fields) != 1:
            raise ConfigurationError(f"{path}: exactly one provider is needed")
        [(kind, settings)] = fields.items()
        path = f"{path}.{kind}"
        if kind == "identity":
            return [Provider(b"", IdentityCipher())]
        if kind == "kms":
            return [self._kms(settings, path)]
        sizes = _SECRETBOX_KEY_BYTES if kind == "secretbox" else _AES_KEY_BYTES
        return _keys(settings, path, sizes, kind, _CIPHERS[kind])

    def _kms(self, settings: JSONValue, path: str) -> Provider:
        allowed = {"apiVersion", "name", "endpoint", "timeout", "cachesize"}
        fields = _mapping(settings, path, allowed)
        if fields.get("apiVersion") != "v2":
            raise ConfigurationError(f"{path}.apiVersion: only v2 is supported")
        if "cachesize" in fields:
            raise ConfigurationError(f"{path}.cachesize: cachesize is not supported in v2")
        name, endpoint = fields.get("name"), fields.get("endpoint")
        if not isinstance(name, str) or not name or ":" in name:
            raise ConfigurationError(f"{path}.name: a name without ':' is required")
        if name in self._kms_names:
            raise ConfigurationError(f"{path}.name: {name!r} is used twice")
        self._kms_names.add(name)
        if not isinstance(endpoint, str) or not endpoint.startswith("unix:///"):
            raise ConfigurationError(f"{path}.endpoint: a URL unix:///... is required")
        timeout = _seconds(fields.get("timeout"), f"{path}.timeout")
        try:
            plugin = GRPCPlugin(endpoint, timeout)
        except ModuleNotFoundError:
            raise ConfigurationError(f"{path} needs gRPC: pip install 'kapi[encryption]'") from None
        return Provider(
            f"k8s:enc:kms:v2:{name}:".encode(), KMSCipher(plugin, self._clock, self._ids)
        )


def _secretbox(secret: bytes) -> Cipher:
    try:
        return SecretboxCipher(secret)
    except ModuleNotFoundError:
        raise ConfigurationError("secretbox needs PyNaCl: pip install 'kapi[encryption]'") from None


_CIPHERS: dict[str, Callable[[bytes], Cipher]] = {
    "aesgcm": AESGCMCipher,
    "aescbc": AESCBCCipher,
    "secretbox": _secretbox,
}


def _keys(
    settings: JSONValue,
    path: str,
    sizes: tuple[int, ...],
    kind: str,
    make: Callable[[bytes], Cipher],
) -> list[Provider]:
    keys = _items(_mapping(settings, path, {"keys"}).get("keys"), f"{path}.keys")
    providers: list[Provider] = []
    names: set[str] = set()
    for index, key in enumerate(keys):
        where = f"{path}.keys[{index}]"
        fields = _mapping(key, where, {"name", "secret"})
        name = fields.get("name")
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"{where}.name: a name is required")
        if name in names:
            raise ConfigurationError(f"{where}.name: {name!r} is used twice")
        names.add(name)
        secret = _secret(fields.get("secret"), sizes, f"{where}.secret")
        providers.append(Provider(f"k8s:enc:{kind}:v1:{name}:".encode(), make(secret)))
    return providers


def _secret(value: JSONValue, sizes: tuple[int, ...], path: str) -> bytes:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{path}: a secret is required")
    try:
        secret = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{path}: the secret must be base64 encoded") from None
    if len(secret) not in sizes:
        raise ConfigurationError(
            f"{path}: the secret has {len(secret)} bytes, it must have one of {[*sizes]}"
        )
    return secret


def _resource(name: JSONValue, path: str) -> str:
    """A resource or wildcard as Transformers knows it; the core group has no name."""
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"{path}: a resource is required")
    if name != name.lower():
        raise ConfigurationError(f"{path}: resource names must be in lower case")
    if name.startswith("*") and not name.startswith("*."):
        raise ConfigurationError(f"{path}: use '*.<group>' or '*.*', not {name!r}")
    if "/" in name or name.count("*") > (2 if name == "*.*" else int(name.startswith("*."))):
        raise ConfigurationError(f"{path}: {name!r} is no resource")
    return name


def _mapping(value: JSONValue, path: str, allowed: set[str]) -> JSONObject:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: it must be a mapping")
    unknown = value.keys() - allowed
    if unknown:
        raise ConfigurationError(f"{path}: unknown field {min(unknown)!r}")
    return value


def _items(value: JSONValue, path: str) -> list[JSONValue]:
    if not isinstance(value, list) or not value:
        raise ConfigurationError(f"{path}: at least one item is required")
    return value


def _seconds(value: JSONValue, path: str) -> float:
    if value is None:
        return _DEFAULT_KMS_SECONDS
    parts = _DURATION.findall(value) if isinstance(value, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise ConfigurationError(f"{path}: {value!r} is no duration such as 3s")
    seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ConfigurationError(f"{path}: it must be longer than nothing")
    return seconds
