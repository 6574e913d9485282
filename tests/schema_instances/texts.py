"""Texts that fit the pattern, format and length of a schema, and texts that do not."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import from_regex

from kapi.util.patterns import compile_pattern
from schema_instances.python_patterns import python_pattern

SAMPLES = (
    "a", "example", "A", "1", "80", "1s", "10m", "100%", "v1", "v1.2.3", "/a", "a/b", "key=value",
    "example.com", "example.com/a", "spiffe://example.com/a", "http://example.com",
    "https://example.com/", "10.0.0.1", "10.0.0.0/24", "fd00::1", "application/json", "*", "*/*",
    "~/*", "Exact", "GET", "200", "2026-01-01T00:00:00Z", "YQ==", "a.b.c", "5", "0",
)  # fmt: skip

# Format: a text that has it, and one that has not.
FORMATS = {
    "bsonobjectid": ("507f1f77bcf86cd799439011", "507f"),
    "uri": ("https://example.com/a", "::no"),
    "email": ("ann@example.com", "ann"),
    "hostname": ("web.example.com", "-web-"),
    "ipv4": ("10.0.0.1", "10.0.0.256"),
    "ipv6": ("fd00::1", "10.0.0.1"),
    "cidr": ("10.0.0.0/24", "10.0.0.0/33"),
    "mac": ("00:00:5e:00:53:01", "00:00"),
    "uuid": ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0ee"),
    "uuid3": ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "6fa459ea-ee8a-4ca4-894e-db77e160355e"),
    "uuid4": ("16fd2706-8baf-433b-82eb-8c7fada847da", "16fd2706-8baf-533b-82eb-8c7fada847da"),
    "uuid5": ("886313e1-3b8a-5372-9b90-0c9aee199e5d", "886313e1-3b8a-3372-9b90-0c9aee199e5d"),
    "isbn": ("0306406152", "0306406153"),
    "isbn10": ("0306406152", "0306406153"),
    "isbn13": ("9780306406157", "9780306406158"),
    "creditcard": ("4111111111111111", "4111111111111112"),
    "ssn": ("078-05-1120", "078"),
    "hexcolor": ("#00ff00", "#00ff0"),
    "rgbcolor": ("rgb(0, 255, 0)", "rgb(0, 256, 0)"),
    "byte": ("YQ==", "?"),
    "date": ("2026-01-31", "2026-02-31"),
    "duration": ("90s", "soon"),
    "datetime": ("2026-01-31T10:00:00Z", "yesterday"),
    "k8sshortname": ("web-1", "Web"),
    "k8slongname": ("web.example.com", "Web.example.com"),
}
# More texts of some formats, for rules that compare.
_OTHERS = {
    "duration": ("1s", "1h", "0s", "-5s"),
    "datetime": ("1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"),
    "date": ("1970-01-01", "2200-01-01"),
}
_BREAKERS = ("!", " ", "-", "\u00e9", "", ".", "A B", "\n", "?!", "_", "\\", "a\nb")
_ENOUGH = 200


def format_of(schema):
    """The valid and the invalid sample of the format of a schema, if it means anything."""
    return FORMATS.get(_format_name(schema))


def _format_name(schema):
    return (schema.get("format") or "").replace("-", "")


def fits(schema, text):
    """Whether a text has the length and the pattern of a schema; its format is not looked at."""
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    pattern = schema.get("pattern")
    return not pattern or compile_pattern(pattern).search(text) is not None


def texts(schema, words=()):
    """Different texts that fit a schema, simple ones first, then ``words``."""
    known = format_of(schema)
    if known is not None:
        yield from (known[0], *_OTHERS.get(_format_name(schema), ()))
        return
    least = schema.get("minLength", 0)
    found = set()
    for text in (
        *SAMPLES[:3],
        *words,
        *SAMPLES[3:],
        "",
        *(("a" * least,) if least else ()),
        *_numbered(schema),
    ):
        if text not in found and fits(schema, text):
            found.add(text)
            yield text
    if schema.get("pattern"):
        shape = (schema["pattern"], least, schema.get("maxLength"))
        yield from (text for text in _matching(*shape) if text not in found)


def _numbered(schema):
    most = schema.get("maxLength", 100)
    least = schema.get("minLength", 0)
    prefix = "a" * max(0, min(least, most - 5))
    for number in range(2000):
        yield f"{prefix}{number}"


@lru_cache(maxsize=1024)
def _matching(pattern, least, most):
    """Texts that match a pattern all the way, the shortest first."""
    schema = {"pattern": pattern, "minLength": least}
    if most is not None:
        schema["maxLength"] = most
    found = set()

    @settings(
        max_examples=_ENOUGH,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(from_regex(python_pattern(pattern), fullmatch=True))
    def collect(text):
        if fits(schema, text):
            found.add(text)

    collect()
    return sorted(found, key=lambda text: (len(text), text))


def mismatch(schema):
    """A text of a good length that does not match the pattern of a schema; None if all do."""
    search = compile_pattern(schema["pattern"]).search
    least, most = schema.get("minLength", 0), schema.get("maxLength", 1000)
    for text in _BREAKERS:
        padded = text * max(1, -(-least // max(1, len(text))))
        if least <= len(padded) <= most and search(padded) is None:
            return padded
    return None
