"""Checks of names, keys, ports and other short values.

Implements "Object Names and IDs" and "Labels: syntax and character set" of the documentation.
Each check returns the messages that Kubernetes gives for the value, an empty list for a good one;
where to report them is the caller's business. A check with ``prefix`` also validates the prefix of
a generated name, which may end with a dash.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kapi.apimachinery import quantity
from kapi.apimachinery.addresses import (
    cidr,
    interface_address,
    ip,
    is_ipv4,
    is_ipv6,
    legacy_cidr,
    legacy_ip,
)
from kapi.apimachinery.name_messages import (
    C_IDENTIFIER,
    C_IDENTIFIER_MESSAGE,
    CONFIG_KEY,
    CONFIG_KEY_MESSAGE,
    DNS1035_MESSAGE,
    EMPTY,
    ENV_VAR,
    ENV_VAR_MESSAGE,
    HTTP_HEADER,
    HTTP_HEADER_MESSAGE,
    HTTP_PATH,
    LABEL_KEY_MESSAGE,
    LABEL_MESSAGE,
    LABEL_VALUE_MESSAGE,
    NAME_PART_MESSAGE,
    PERCENT,
    PERCENT_MESSAGE,
    RELAXED_ENV_VAR_MESSAGE,
    SUBDOMAIN_MESSAGE,
    UNDERSCORED,
    UNDERSCORED_MESSAGE,
    WILDCARD,
    WILDCARD_MESSAGE,
    regex_message,
)

__all__ = [
    "annotation_key",
    "c_identifier",
    "cidr",
    "config_map_key",
    "dns1035_label",
    "dns1123_label",
    "dns1123_subdomain",
    "dns1123_subdomain_with_underscore",
    "domain_prefixed_path",
    "env_var_name",
    "finalizer_name",
    "fully_qualified_domain_name",
    "fully_qualified_name",
    "group_id",
    "http_header_name",
    "http_path",
    "in_range",
    "interface_address",
    "ip",
    "is_ipv4",
    "is_ipv6",
    "is_quantity",
    "label_value",
    "legacy_cidr",
    "legacy_ip",
    "path_segment_name",
    "percent",
    "port_name",
    "port_number",
    "qualified_name",
    "strict_env_var_name",
    "user_id",
    "wildcard_dns1123_subdomain",
]

_LABEL_MAX = 63  # RFC 1123 and RFC 1035
_SUBDOMAIN_MAX = 253  # RFC 1123
_LABEL_KEY_MAX = _SUBDOMAIN_MAX + 1 + _LABEL_MAX
_ID_MAX = 2**31 - 1
_CACHED_KEYS = 4096  # label and annotation keys repeat from object to object


# The same languages as the patterns that the messages show, without backtracking.
_is_label = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*").fullmatch
_is_subdomain = re.compile(r"[a-z0-9]+(?:(?:-+|\.)[a-z0-9]+)*").fullmatch
_is_underscored = re.compile(UNDERSCORED).fullmatch
_is_wildcard = re.compile(WILDCARD).fullmatch
_is_dns1035 = re.compile(r"[a-z][a-z0-9]*(?:-+[a-z0-9]+)*").fullmatch
_is_qualified = re.compile(r"[A-Za-z0-9]+(?:[-_.]+[A-Za-z0-9]+)*").fullmatch
_is_config_key = re.compile(CONFIG_KEY).fullmatch
_is_env_var = re.compile(ENV_VAR).fullmatch
_is_relaxed_env_var = re.compile(r"[ -<>-~]+").fullmatch
_is_c_identifier = re.compile(C_IDENTIFIER).fullmatch
_is_http_header = re.compile(HTTP_HEADER).fullmatch
_is_http_path = re.compile(HTTP_PATH).fullmatch
_is_percent = re.compile(PERCENT).fullmatch
_is_port_charset = re.compile(r"[-a-z0-9]+").fullmatch
_has_letter = re.compile(r"[a-z]").search


def _size(value: str) -> int:
    """The length in bytes."""
    return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))


def _characters(limit: int) -> str:
    return f"must be no more than {limit} characters"


def _bytes(limit: int) -> str:
    return f"must be no more than {limit} bytes"


def _mask_trailing_dash(value: str) -> str:
    """A generated-name prefix may end with a dash: the random part follows."""
    return f"{value[:-2]}a" if len(value) > 1 and value[-1] == "-" else value


def dns1123_label(value: str, *, prefix: bool = False) -> list[str]:
    """Check an RFC 1123 label."""
    if prefix:
        value = _mask_trailing_dash(value)
    matched = _is_label(value)
    if matched and len(value) <= _LABEL_MAX:
        return []
    messages = [_characters(_LABEL_MAX)] if _size(value) > _LABEL_MAX else []
    if not matched:
        messages.append("must not contain dots" if _is_subdomain(value) else LABEL_MESSAGE)
    return messages


def dns1123_subdomain(value: str, *, prefix: bool = False) -> list[str]:
    """Check an RFC 1123 subdomain: the usual form of object names."""
    if prefix:
        value = _mask_trailing_dash(value)
    matched = _is_subdomain(value)
    if matched and len(value) <= _SUBDOMAIN_MAX:
        return []
    messages = [_characters(_SUBDOMAIN_MAX)] if _size(value) > _SUBDOMAIN_MAX else []
    if not matched:
        messages.append(SUBDOMAIN_MESSAGE)
    return messages


def dns1123_subdomain_with_underscore(value: str) -> list[str]:
    """Check an RFC 1123 subdomain whose labels may start with an underscore (DNS searches)."""
    messages = [_characters(_SUBDOMAIN_MAX)] if _size(value) > _SUBDOMAIN_MAX else []
    if not _is_underscored(value):
        messages.append(UNDERSCORED_MESSAGE)
    return messages


def wildcard_dns1123_subdomain(value: str) -> list[str]:
    """Check a host like ``*.example.com``."""
    messages = [_characters(_SUBDOMAIN_MAX)] if _size(value) > _SUBDOMAIN_MAX else []
    if not _is_wildcard(value):
        messages.append(WILDCARD_MESSAGE)
    return messages


def dns1035_label(value: str, *, prefix: bool = False) -> list[str]:
    """Check an RFC 1035 label: names of services."""
    if prefix:
        value = _mask_trailing_dash(value)
    messages = [_characters(_LABEL_MAX)] if _size(value) > _LABEL_MAX else []
    if not _is_dns1035(value):
        messages.append(DNS1035_MESSAGE)
    return messages


def fully_qualified_domain_name(value: str) -> list[str]:
    """Check a domain of at least two labels, a final dot allowed; the value is not empty."""
    return _segments(value.removesuffix("."), 2, "two")


def fully_qualified_name(value: str) -> list[str]:
    """Check a name of at least three labels; the value is not empty."""
    return _segments(value, 3, "three")


def _segments(value: str, count: int, word: str) -> list[str]:
    messages = dns1123_subdomain(value)
    if messages:
        return messages
    labels = value.split(".")
    if len(labels) < count:
        return [f"should be a domain with at least {word} segments separated by dots"]
    if count > 2:
        return []
    return [message for label in labels for message in dns1123_label(label)]


@lru_cache(maxsize=_CACHED_KEYS)
def _is_label_key(value: str) -> bool:
    prefix, slash, name = value.rpartition("/")
    if slash and (len(prefix) > _SUBDOMAIN_MAX or not _is_subdomain(prefix)):
        return False
    return len(name) <= _LABEL_MAX and _is_qualified(name) is not None


def qualified_name(value: str) -> list[str]:
    """Check a label key: a name with an optional DNS prefix."""
    if len(value) <= _LABEL_KEY_MAX and _is_label_key(value):
        return []
    messages: list[str] = []
    parts = value.split("/")
    if len(parts) > 2:
        return [LABEL_KEY_MESSAGE]
    name = parts[-1]
    if len(parts) == 2:
        prefix = parts[0]
        if not prefix:
            messages.append(f"prefix part {EMPTY}")
        else:
            if _size(prefix) > _SUBDOMAIN_MAX:
                messages.append(f"prefix part {_bytes(_SUBDOMAIN_MAX)}")
            if not _is_subdomain(prefix):
                messages.append(f"prefix part {SUBDOMAIN_MESSAGE}")
    if not name:
        messages.append(f"name part {EMPTY}")
    elif _size(name) > _LABEL_MAX:
        messages.append(f"name part {_bytes(_LABEL_MAX)}")
    if not _is_qualified(name):
        messages.append(NAME_PART_MESSAGE)
    return messages


def annotation_key(value: str) -> list[str]:
    """Check an annotation key: a label key in any case."""
    return qualified_name(value) and qualified_name(value.lower())


def finalizer_name(value: str) -> list[str]:
    """Check the form of a finalizer; whether it must have a domain depends on the place."""
    return qualified_name(value)


def label_value(value: str) -> list[str]:
    """Check a label value."""
    matched = not value or _is_qualified(value)
    if matched and len(value) <= _LABEL_MAX:
        return []
    messages = [_bytes(_LABEL_MAX)] if _size(value) > _LABEL_MAX else []
    if not matched:
        messages.append(LABEL_VALUE_MESSAGE)
    return messages


def _relative_path(value: str) -> list[str]:
    """Names that become file names must not lead out of their directory."""
    if value == ".":
        return ["must not be '.'"]
    if value == "..":
        return ["must not be '..'"]
    return ["must not start with '..'"] if value.startswith("..") else []


def config_map_key(value: str) -> list[str]:
    """Check a key of a ConfigMap or Secret."""
    messages = [_characters(_SUBDOMAIN_MAX)] if _size(value) > _SUBDOMAIN_MAX else []
    if not _is_config_key(value):
        messages.append(CONFIG_KEY_MESSAGE)
    return messages + _relative_path(value) if value[:1] == "." else messages


def env_var_name(value: str) -> list[str]:
    """Check the name of an environment variable: printable ASCII without ``=``."""
    if not value:
        return ["environment variable name must be non-empty"]
    return [] if _is_relaxed_env_var(value) else [RELAXED_ENV_VAR_MESSAGE]


def strict_env_var_name(value: str) -> list[str]:
    """Check the name of an environment variable as it was before 1.34."""
    messages = [] if _is_env_var(value) else [ENV_VAR_MESSAGE]
    return messages + _relative_path(value)


def c_identifier(value: str) -> list[str]:
    """Check a C identifier."""
    return [] if _is_c_identifier(value) else [C_IDENTIFIER_MESSAGE]


def http_header_name(value: str) -> list[str]:
    """Check the name of an HTTP header."""
    return [] if _is_http_header(value) else [HTTP_HEADER_MESSAGE]


def http_path(value: str) -> list[str]:
    """Check the characters of a URL path."""
    return [] if _is_http_path(value) else [regex_message("Invalid path", HTTP_PATH)]


def domain_prefixed_path(value: str) -> list[tuple[str, str]]:
    """Check a path with a domain, like ``acme.io/foo``; the value is not empty.

    Each message comes with the part of the value that it is about.
    """
    domain, slash, path = value.partition("/")
    if not slash or not domain or not path:
        return [(value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    found = [(domain, message) for message in dns1123_subdomain(domain)]
    return [*found, *((path, message) for message in http_path(path))]


def path_segment_name(value: str, *, prefix: bool = False) -> list[str]:
    """Check that a name can stand in a URL path."""
    if not prefix and value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in value]


def port_name(value: str) -> list[str]:
    """Check an IANA service name: the name of a port."""
    messages = [_characters(15)] if _size(value) > 15 else []
    if not _is_port_charset(value):
        messages.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _has_letter(value):
        messages.append("must contain at least one letter (a-z)")
    if "--" in value:
        messages.append("must not contain consecutive hyphens")
    if value and (value[0] == "-" or value[-1] == "-"):
        messages.append("must not begin or end with a hyphen")
    return messages


def in_range(value: int, low: int, high: int) -> list[str]:
    """Check that a number is within bounds, both included."""
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def port_number(value: int) -> list[str]:
    """Check a port number."""
    return [] if 1 <= value <= 65535 else ["must be between 1 and 65535, inclusive"]


def user_id(value: int) -> list[str]:
    """Check a Unix user id."""
    return in_range(value, 0, _ID_MAX)


def group_id(value: int) -> list[str]:
    """Check a Unix group id."""
    return in_range(value, 0, _ID_MAX)


def percent(value: str) -> list[str]:
    """Check a percentage like ``25%``."""
    return [] if _is_percent(value) else [PERCENT_MESSAGE]


def is_quantity(value: str) -> bool:
    """Whether the text is a resource quantity."""
    try:
        quantity.parse(value)
    except ValueError:
        return False
    return True
