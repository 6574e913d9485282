"""Name checks: messages in Kubernetes' words and order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.apimachinery import names

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.',"
    " and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
    r"validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must"
    " start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def test_good_names_have_no_messages() -> None:
    """What Kubernetes accepts gives an empty list."""
    assert names.dns1123_subdomain("a.b-c.9") == []
    assert names.dns1123_label("9-a") == []
    assert names.dns1123_label("web-", prefix=True) == []
    assert names.dns1035_label("a-9") == []
    assert names.qualified_name("example.com/My_Name.x") == []
    assert names.annotation_key("EXAMPLE.com/x") == []
    assert names.label_value("") == []
    assert names.config_map_key(".hidden") == []
    assert names.env_var_name("1 any:thing") == []
    assert names.port_name("http-2") == []


def test_bad_names() -> None:
    """Each rule gives its own message, length before form."""
    assert names.dns1123_subdomain("A") == [SUBDOMAIN]
    assert names.dns1123_subdomain("a\n") == [SUBDOMAIN]
    assert names.dns1123_label("a.b") == ["must not contain dots"]
    assert names.dns1123_label("A" * 64) == ["must be no more than 63 characters", LABEL]
    assert names.path_segment_name("a/b%") == ["may not contain '/'", "may not contain '%'"]
    assert names.path_segment_name("..") == ["may not be '..'"]
    assert names.port_name("80") == ["must contain at least one letter (a-z)"]


def test_label_keys() -> None:
    """An empty part is named, and the form of the name part is reported as well."""
    assert names.qualified_name("") == ["name part must be non-empty", NAME_PART]
    assert names.qualified_name("/a") == ["prefix part must be non-empty"]
    assert names.qualified_name("B/a") == [f"prefix part {SUBDOMAIN}"]
    assert names.qualified_name("x" * 64) == ["name part must be no more than 63 bytes"]
    (message,) = names.qualified_name("a/b/c")
    assert message.startswith("a valid label key must consist of")
    assert message.endswith(
        "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    )


def test_config_map_keys_stay_in_their_directory() -> None:
    """A key that would lead out of a mounted directory is refused."""
    assert names.config_map_key("..") == ["must not be '..'"]
    assert names.config_map_key("..a") == ["must not start with '..'"]
    assert names.config_map_key(".") == ["must not be '.'"]


@pytest.mark.parametrize(
    ("value", "strict", "legacy"),
    [
        ("10.0.0.1", [], []),
        ("010.0.0.1", ["must not have leading 0s"], ["must not have leading 0s"]),
        ("2001:DB8::1", ['must be in canonical form ("2001:db8::1")'], []),
        ("::ffff:1.2.3.4", *[["must not be an IPv4-mapped IPv6 address"]] * 2),
        ("web", *[["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]] * 2),
        ("fe80::1%eth0", *[["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]] * 2),
    ],
)
def test_addresses(value: str, strict: list[str], legacy: list[str]) -> None:
    """New fields take the canonical form only, historical ones any unambiguous spelling."""
    assert names.ip(value) == strict
    assert names.legacy_ip(value) == legacy


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ("10.0.0.0/24", []),
        ("10.0.0.1/24", ["must not have bits set beyond the prefix length"]),
        ("10.0.0.0/024", ["must not have leading 0s in IP or prefix length"]),
        ("10.0.0.0/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]),
        ("FD00::/64", ['must be in canonical form ("fd00::/64")']),
    ],
)
def test_cidrs(value: str, messages: list[str]) -> None:
    """A CIDR value names a network: no host bits, canonical text."""
    assert names.cidr(value) == messages


@given(st.text("aZ0-._/\n", max_size=8))
def test_checks_are_those_of_the_patterns_in_the_messages(value: str) -> None:
    """A value is refused exactly when the pattern that its message shows does not match."""
    label, name = "[a-z0-9]([-a-z0-9]*[a-z0-9])?", "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
    subdomain = rf"{label}(\.{label})*"
    for check, pattern in (
        (names.dns1123_label, label),
        (names.dns1123_subdomain, subdomain),
        (names.dns1035_label, "[a-z]([-a-z0-9]*[a-z0-9])?"),
        (names.label_value, f"({name})?"),
        (names.qualified_name, f"({subdomain}/)?{name}"),
    ):
        assert bool(check(value)) is (re.fullmatch(pattern, value) is None)
