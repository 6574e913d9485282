"""ConfigMap, Secret, Namespace, ServiceAccount."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kapi.apimachinery.field import ErrorList
from kapi.apis.core.config_map_strategy import ConfigMapStrategy, decoded_size
from kapi.apis.core.namespace_strategy import (
    NamespaceFinalizeStrategy,
    NamespaceStatusStrategy,
    NamespaceStrategy,
    default_namespace,
)
from kapi.apis.core.secret_strategy import SecretStrategy, default_secret
from kapi.apis.core.service_account_strategy import ServiceAccountStrategy
from kapi.apis.core.tls_warnings import tls_warnings
from kapi.registry.context import RequestContext, UserInfo


def context():
    return RequestContext(UserInfo("admin"), "ns", "s", 1_772_600_767.0, 36)


def errors_of(strategy, obj, old=None):
    errors = ErrorList()
    if old is None:
        strategy.validate(context(), obj, errors)
    else:
        strategy.validate_update(context(), obj, old, errors)
    return [str(error) for error in errors]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100])
def test_decoded_size(size):
    """The size of base64 text is known without decoding it."""
    assert decoded_size(base64.b64encode(b"x" * size).decode()) == size


def test_config_map_size_counts_both_maps_in_bytes():
    """Text counts in UTF-8, binary data decoded; the limit is one MiB."""
    half = "ü" * (1024 * 256)
    binary = base64.b64encode(b"x" * (1024 * 512)).decode()
    strategy = ConfigMapStrategy()
    assert errors_of(strategy, {"data": {"a": half}, "binaryData": {"b": binary}}) == []
    assert errors_of(strategy, {"data": {"a": half + "x"}, "binaryData": {"b": binary}}) == [
        "[]: Too long: may not be more than 1048576 bytes"
    ]


def test_immutable_config_map():
    """Neither the flag nor the data of an immutable map change."""
    old = {"immutable": True, "data": {"a": "1"}}
    rule = "Forbidden: field is immutable when `immutable` is set"
    assert errors_of(ConfigMapStrategy(), {"data": {"a": "2"}}, old) == [
        f"immutable: {rule}",
        f"data: {rule}",
    ]
    assert errors_of(ConfigMapStrategy(), dict(old), old) == []


def test_string_data_is_merged_over_data_and_gone():
    """Plain text wins over encoded data of the same key."""
    secret = {"data": {"a": "b2xk", "b": "Yg=="}, "stringData": {"a": "new", "c": "ü"}}
    default_secret(secret)
    assert secret == {"data": {"a": "bmV3", "b": "Yg==", "c": "w7w="}, "type": "Opaque"}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("kubernetes.io/tls", {"tls.crt": ""}, ["data[tls.key]: Required value"]),
        ("kubernetes.io/basic-auth", {"password": ""}, []),
        (
            "kubernetes.io/basic-auth",
            {},
            ["data[username]: Required value", "data[password]: Required value"],
        ),
        (
            "kubernetes.io/ssh-auth",
            {"ssh-privatekey": ""},
            ["data[ssh-privatekey]: Required value"],
        ),
        (
            "kubernetes.io/dockerconfigjson",
            {".dockerconfigjson": "eA=="},
            [
                (
                    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid'
                    " character 'x' looking for beginning of value"
                )
            ],
        ),
        ("kubernetes.io/dockercfg", {".dockercfg": "e30="}, []),
        (
            "kubernetes.io/service-account-token",
            {},
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
        ("example.com/own", {"x": ""}, []),
    ],
)
def test_secret_types(kind, data, expected):
    """A type demands its keys."""
    assert errors_of(SecretStrategy(), {"metadata": {}, "type": kind, "data": data}) == expected


def test_secret_type_is_immutable():
    """A type left out was defaulted before and is a change too."""
    old = {"metadata": {}, "type": "kubernetes.io/basic-auth", "data": {"username": ""}}
    new = {"metadata": {}, "data": {"username": ""}}
    default_secret(new)
    assert errors_of(SecretStrategy(), new, old) == [
        'type: Invalid value: "Opaque": field is immutable'
    ]


def test_tls_secret_without_certificate_is_warned_of():
    """The pair is looked at, and accepted whatever it is."""
    request = context()
    SecretStrategy().warnings_on_create(
        request, {"type": "kubernetes.io/tls", "data": {"tls.crt": "Y3J0", "tls.key": "a2V5"}}
    )
    assert request.warnings == ["tls: failed to find any PEM data in certificate input"]


def key_pair():
    """A key and a certificate of it, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.example.com")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(pem), private


def test_tls_pair_must_fit():
    """A matching pair is fine, also behind other blocks; anything else is told."""
    (certificate, key), (_, other) = key_pair(), key_pair()
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"

    def warnings(crt, private):
        encode = base64.b64encode
        return tls_warnings({"tls.crt": encode(crt).decode(), "tls.key": encode(private).decode()})

    assert warnings(certificate, key) == []
    assert warnings(certificate, parameters + key) == []
    assert warnings(certificate, other) == ["tls: private key does not match public key"]
    assert warnings(key, certificate) == [
        (
            "tls: failed to find certificate PEM data in certificate input, but did find a private"
            " key; PEM inputs may have been switched"
        )
    ]
    assert warnings(certificate, certificate) == [
        "tls: found a certificate rather than a key in the PEM for the private key"
    ]


def test_new_namespace():
    """It is active, labelled with its name and held by the namespace controller."""
    obj = {
        "metadata": {"name": "n", "labels": {"kubernetes.io/metadata.name": "wrong"}},
        "spec": {"finalizers": ["example.com/hold"]},
        "status": {"phase": "Terminating"},
    }
    default_namespace(obj)
    NamespaceStrategy().prepare_for_create(context(), obj)
    assert obj["metadata"]["labels"] == {"kubernetes.io/metadata.name": "n"}
    assert obj["spec"]["finalizers"] == ["example.com/hold", "kubernetes"]
    assert obj["status"] == {"phase": "Active"}


def test_main_resource_keeps_spec_finalizers():
    """Only the finalize subresource changes them."""
    old = {"metadata": {"name": "n"}, "spec": {"finalizers": ["kubernetes"]}}
    new = {"metadata": {"name": "n"}, "spec": {"finalizers": ["plain"]}}
    NamespaceStrategy().prepare_for_update(context(), new, old)
    assert new["spec"] == {"finalizers": ["kubernetes"]}
    finalized = {"metadata": {"name": "n"}, "spec": {"finalizers": ["plain"]}}
    assert errors_of(NamespaceFinalizeStrategy(), finalized, old) == [
        (
            'spec.finalizers[0]: Invalid value: "plain": name is neither a standard'
            " finalizer name nor"
            " is it fully qualified"
        )
    ]


def test_namespace_phase_follows_deletion():
    """The phase cannot say otherwise than the deletion timestamp."""
    strategy = NamespaceStatusStrategy()
    living = {"metadata": {"name": "n"}, "status": {"phase": "Terminating"}}
    assert errors_of(strategy, living, living) == [
        (
            "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if"
            " `deletionTimestamp`"
            " is empty"
        )
    ]
    dying = {"metadata": {"name": "n", "deletionTimestamp": "x"}, "status": {"phase": "Active"}}
    assert errors_of(strategy, dying, dying) == [
        (
            "status.Phase: Invalid value: \"Active\": may only be 'Terminating' if"
            " `deletionTimestamp`"
            " is not empty"
        )
    ]


def test_service_account_keeps_only_names_of_secrets():
    """References never lead out of the namespace."""
    account = {"secrets": [{"name": "b", "namespace": "x", "kind": "Secret"}]}
    ServiceAccountStrategy().prepare_for_create(context(), account)
    assert account == {"secrets": [{"name": "b"}]}
