"""The messages of the name checks, with the patterns and examples that they show."""

from __future__ import annotations

__all__ = [
    "CONFIG_KEY",
    "CONFIG_KEY_MESSAGE",
    "C_IDENTIFIER",
    "C_IDENTIFIER_MESSAGE",
    "DNS1035_MESSAGE",
    "EMPTY",
    "ENV_VAR",
    "ENV_VAR_MESSAGE",
    "HTTP_HEADER",
    "HTTP_HEADER_MESSAGE",
    "HTTP_PATH",
    "LABEL_KEY_MESSAGE",
    "LABEL_MESSAGE",
    "LABEL_VALUE_MESSAGE",
    "NAME_PART_MESSAGE",
    "PERCENT",
    "PERCENT_MESSAGE",
    "RELAXED_ENV_VAR_MESSAGE",
    "SUBDOMAIN_MESSAGE",
    "UNDERSCORED",
    "UNDERSCORED_MESSAGE",
    "WILDCARD",
    "WILDCARD_MESSAGE",
    "regex_message",
]

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
UNDERSCORED = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*"
WILDCARD = rf"\*\.{SUBDOMAIN}"
DNS1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_VALUE = rf"({QUALIFIED})?"
CONFIG_KEY = r"[-._a-zA-Z0-9]+"
ENV_VAR = r"[-._a-zA-Z][-._a-zA-Z0-9]*"
C_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
HTTP_HEADER = r"[-A-Za-z0-9]+"
HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
PERCENT = r"[0-9]+%"


def regex_message(what: str, pattern: str, *examples: str) -> str:
    """A message that ends with the examples and the pattern of a rule."""
    shown = " or ".join(f"'{example}', " for example in examples)
    hint = f"e.g. {shown}" if examples else ""
    return f"{what} ({hint}regex used for validation is '{pattern}')"


LABEL_MESSAGE = regex_message(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character",
    LABEL,
    "my-name",
    "123-abc",
)
SUBDOMAIN_MESSAGE = regex_message(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character",
    SUBDOMAIN,
    "example.com",
)
UNDERSCORED_MESSAGE = regex_message(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' "
    "or '.', and must start and end with an alphanumeric character",
    UNDERSCORED,
    "example.com",
)
WILDCARD_MESSAGE = regex_message(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which "
    "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric "
    "character",
    WILDCARD,
    "*.example.com",
)
DNS1035_MESSAGE = regex_message(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character",
    DNS1035,
    "my-name",
    "abc-123",
)
QUALIFIED_EXAMPLES = ("MyName", "my.name", "123-abc")
QUALIFIED_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character"
)
NAME_PART_MESSAGE = regex_message(f"name part {QUALIFIED_RULE}", QUALIFIED, *QUALIFIED_EXAMPLES)
LABEL_KEY_MESSAGE = (
    regex_message(f"a valid label key {QUALIFIED_RULE}", QUALIFIED, *QUALIFIED_EXAMPLES)
    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)
LABEL_VALUE_MESSAGE = regex_message(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    LABEL_VALUE,
    "MyValue",
    "my_value",
    "12345",
)
CONFIG_KEY_MESSAGE = regex_message(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    CONFIG_KEY,
    "key.name",
    "KEY_NAME",
    "key-name",
)
RELAXED_ENV_VAR_MESSAGE = (
    "a valid environment variable name must consist only of printable ASCII characters other than "
    "'='"
)
ENV_VAR_MESSAGE = regex_message(
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or "
    "'.', and must not start with a digit",
    ENV_VAR,
    "my.env-name",
    "MY_ENV.NAME",
    "MyEnvName1",
)
C_IDENTIFIER_MESSAGE = regex_message(
    "a valid C identifier must start with alphabetic character or '_', followed by a string of "
    "alphanumeric characters or '_'",
    C_IDENTIFIER,
    "my_name",
    "MY_NAME",
    "MyName",
)
HTTP_HEADER_MESSAGE = regex_message(
    "a valid HTTP header must consist of alphanumeric characters or '-'",
    HTTP_HEADER,
    "X-Header-Name",
)
PERCENT_MESSAGE = regex_message(
    "a valid percent string must be a numeric string followed by an ending '%'",
    PERCENT,
    "1%",
    "93%",
)
EMPTY = "must be non-empty"
