"""Request bodies: from bytes to a decoded, defaulted object of the expected kind.

Implements body media types and field validation of the API concepts, with kube-apiserver's
messages for what cannot be read.
"""

from __future__ import annotations

import re
from types import NoneType
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, Invalid, UnsupportedMediaType
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.scheme import DecodeError
from kapi.apimachinery.serializer import cbor, json, protobuf, yaml
from kapi.apimachinery.types import GroupVersion, GroupVersionKind
from kapi.endpoints.negotiation import ACCEPTED

if TYPE_CHECKING:
    from kapi.apimachinery.scheme import Decoded, Scheme
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.endpoints.request import Request
    from kapi.registry.catalogue import Resource
    from kapi.registry.codec import ObjectCodec

__all__ = [
    "Body",
    "OtherVersion",
    "UnreadableError",
    "check_custom_kind",
    "check_fields",
    "check_kind",
    "check_type_meta",
    "decode_object",
    "other_kind",
    "parse_body",
    "read_body",
    "report_fields",
    "unknown_kind",
]

# Versions that are gone but that clients still send; known so that the message can say so.
_FORMER_GROUPS = frozenset(
    {
        ("apiextensions.k8s.io", "v1beta1"),
        ("apps", "v1beta1"),
        ("apps", "v1beta2"),
        ("extensions", "v1beta1"),
        ("batch", "v1beta1"),
        ("policy", "v1beta1"),
        ("networking.k8s.io", "v1beta1"),
        ("autoscaling", "v2beta1"),
        ("autoscaling", "v2beta2"),
    }
)


_EXTENSIONS = "apiextensions.k8s.io"
# Served by parts of kube-apiserver of their own, whose kinds the others do not know.
_OWN_SCHEMES = frozenset((_EXTENSIONS, "apiregistration.k8s.io"))
# The first minor version that has forgotten the beta versions of autoscaling.
_WITHOUT_OLD_AUTOSCALING = 36


# The parameters of a media type, behind the first semicolon.
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = rb'\s*%b\s*=\s*(?:%b|"(?:[^"\\]|\\.)*")\s*' % (_TOKEN, _TOKEN)
_PARAMETERS = re.compile(rb"(?:\s*|%b(?:;%b)*(?:;\s*)?)" % (_PARAMETER, _PARAMETER))


class Body:
    """A parsed body and what was noticed while parsing."""

    __slots__ = ("duplicates", "value")

    def __init__(self, value: JSONValue, duplicates: list[str]) -> None:
        self.value = value
        self.duplicates = duplicates


def media_type(request: Request) -> str:
    """The body's media type in lower case without parameters; JSON when none is given."""
    header = request.headers.get(b"content-type")
    if not header:
        return "application/json"
    return header.partition(b";")[0].strip().lower().decode("latin-1")


class OtherVersion(BadRequest):
    """A body of the right kind at another version; ``unknown`` are its unknown fields."""

    def __init__(self, given: GroupVersionKind, expected: GroupVersionKind) -> None:
        super().__init__(
            f"the API version in the data ({given.api_version}) does not match the expected API "
            f"version ({expected.api_version})"
        )
        self.given = given
        self.unknown: list[str] = []


class UnreadableError(Exception):
    """A body is no object of the API; the text says why in the words of the parser."""


def parse_body(request: Request, kind: str) -> Body:
    """Parse a JSON or YAML body; ``kind`` is named in the message when it is neither.

    Raises UnsupportedMediaType for other media types, BadRequest for broken text.
    """
    try:
        return read_body(request)
    except UnreadableError as error:
        raise _unrecognized(kind, str(error), request.body) from None


def read_body(request: Request) -> Body:
    """Parse a body; raises UnsupportedMediaType and UnreadableError.

    A protobuf body is only taken out of its envelope; the codec of the kind reads it.
    """
    content_type = media_type(request)
    header = request.headers.get(b"content-type", b"")
    if b";" in header and not _PARAMETERS.fullmatch(header.partition(b";")[2]):
        raise _unsupported()
    data = request.body
    if content_type == "application/json":
        try:
            parsed = json.load(data)
        except json.JSONError as error:
            raise UnreadableError(_UNREADABLE + str(error)) from None
        return Body(parsed.value, parsed.duplicates)
    if content_type == "application/yaml":
        try:
            document = yaml.load(data)
        except yaml.YAMLError as error:
            raise UnreadableError(f"yaml: {error}") from None
        return Body(document.value, document.duplicates)
    if content_type == protobuf.MEDIA_TYPE:
        try:
            return Body(protobuf.Enveloped(protobuf.unwrap(data)), [])
        except protobuf.ProtobufError as error:
            raise UnreadableError(str(error)) from None
    if content_type == cbor.MEDIA_TYPE and request.with_cbor:
        try:
            return Body(cbor.load(data), [])
        except cbor.CBORError as error:
            raise UnreadableError(f"cbor: {error}") from None
    raise _unsupported()


def _unsupported() -> UnsupportedMediaType:
    return UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        f"{ACCEPTED}"
    )


def _unrecognized(kind: str, why: str, data: bytes) -> BadRequest:
    return BadRequest(
        f"the object provided is unrecognized (must be of type {kind}): {why} ({_excerpt(data)})"
    )


def _excerpt(data: bytes) -> str:
    """The start of a body as the message quotes it: JSON as text, anything else in hex."""
    if not data:
        return "<empty>"
    more = " ..." if len(data) > 30 else ""
    head = data[:30]
    return (head.decode("utf-8", "replace") if data[:1] == b"{" else head.hex()) + more


_UNREADABLE = "couldn't get version/kind; json parse error: "
_GO_TYPEMETA = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; '
    'Kind string "json:\\"kind,omitempty\\"" }'
)


def check_kind(scheme: Scheme, body: Body, data: bytes, expected: GroupVersionKind) -> JSONObject:
    """The body as an object whose apiVersion and kind are the expected ones, or absent.

    Raises BadRequest, in the words of kube-apiserver, for any other.
    """
    value = body.value
    if value is None:
        return {}
    value = _checked(value, data, expected.kind)
    api_version = value.get("apiVersion") or expected.api_version
    kind = value.get("kind") or expected.kind
    if api_version == expected.api_version and kind == expected.kind:
        return value
    if api_version.count("/") > 1:
        raise _unrecognized(expected.kind, f"unexpected GroupVersion string: {api_version}", data)
    version = GroupVersion.parse(api_version)
    given = GroupVersionKind(version.group, version.version, kind)
    raise _wrong_kind(scheme, value, given, expected)


def check_type_meta(value: JSONValue) -> JSONObject:
    """An object whose apiVersion and kind are text, if they are there; UnreadableError else."""
    if not isinstance(value, dict):
        raise UnreadableError(f"{_UNREADABLE}{_unmarshal(value)} Go value of type {_GO_TYPEMETA}")
    for member in ("apiVersion", "kind"):
        if not isinstance(value.get(member), (str, NoneType)):
            found = _unmarshal(value[member])
            raise UnreadableError(f"{_UNREADABLE}{found} Go struct field .{member} of type string")
    return value


def _unmarshal(value: JSONValue) -> str:
    names: dict[type, str] = {list: "array", dict: "object", str: "string", bool: "bool"}
    return f"json: cannot unmarshal {names.get(type(value), 'number')} into"


def _checked(value: JSONValue, data: bytes, kind: str) -> JSONObject:
    try:
        return check_type_meta(value)
    except UnreadableError as error:
        raise _unrecognized(kind, str(error), data) from None


def unknown_kind(
    scheme: Scheme, value: JSONObject, given: GroupVersionKind, expected: GroupVersionKind
) -> str:
    """Why an object of one kind is none of another, in the words of the conversion.

    Before, it is read as what it says it is.
    """
    known, where = _is_known(scheme, given, expected)
    if not known:
        group_version = given.api_version
        kind = f'no kind "{given.kind}" is registered for version "{group_version}"'
        return f'{kind} in scheme "{where}"'
    package = expected.group.partition(".")[0] or "core"
    return _misread(scheme, value, given) or (
        f"converting ({given.version}.{given.kind}) to ({package}.{expected.kind}): "
        "unknown conversion"
    )


def _misread(scheme: Scheme, value: JSONObject, given: GroupVersionKind) -> str:
    """The first wrong type in an object of a known kind."""
    kind_type = scheme.type(given)
    if kind_type is None:
        return ""
    try:
        scheme.decode(kind_type, value)
    except DecodeError as error:
        return str(error)
    return ""


def _is_known(
    scheme: Scheme, given: GroupVersionKind, expected: GroupVersionKind
) -> tuple[bool, str]:
    """Whether the part that serves the expected kind knows the other; the place of its scheme."""
    known = given in scheme.kinds() or given == ("", "v1", "List")
    if expected.group == _EXTENSIONS:  # served by a part that knows its own kinds only
        return known and given.group == _EXTENSIONS, "pkg/apiserver/apiserver.go:55"
    if given.group in _OWN_SCHEMES and given.group != expected.group:
        known = False
    return known, "pkg/api/legacyscheme/scheme.go:30"


def _wrong_kind(
    scheme: Scheme, value: JSONObject, given: GroupVersionKind, expected: GroupVersionKind
) -> BadRequest:
    known, _ = _is_known(scheme, given, expected)
    why = ""
    if given.kind == expected.kind and (known or _is_former(scheme, given)):
        why = _misread(scheme, value, given)
        if not why:
            other = OtherVersion(given, expected)
            kind_type = scheme.type(given)
            if kind_type is not None:
                other.unknown = scheme.decode(kind_type, value).unknown
            return other
    why = why or unknown_kind(scheme, value, given, expected)
    return BadRequest(
        f'{given.kind} in version "{given.version}" cannot be handled as a {expected.kind}: {why}'
    )


def _is_former(scheme: Scheme, given: GroupVersionKind) -> bool:
    if given.group == "autoscaling" and scheme.minor >= _WITHOUT_OLD_AUTOSCALING:
        return False
    return given.group_version in _FORMER_GROUPS


def check_custom_kind(body: Body, data: bytes, resource: Resource) -> JSONObject:
    """The body as a custom resource; both apiVersion and kind must be there.

    Raises BadRequest for what is none or has another version, Invalid for another kind,
    UnsupportedMediaType for protobuf, which custom resources do not have.
    """
    value = body.value
    if isinstance(value, protobuf.Enveloped):
        raise _unsupported()
    value = _checked(value, data, resource.kind)
    kind, api_version = value.get("kind") or "", value.get("apiVersion") or ""
    if not kind:
        text = data.decode("utf-8", "replace")
        raise _unrecognized(resource.kind, f"Object 'Kind' is missing in '{text}'", data)
    if api_version != resource.api_version:
        raise BadRequest(
            f"the API version in the data ({api_version}) does not match the expected API "
            f"version ({resource.api_version})"
        )
    if kind != resource.kind:
        raise other_kind(resource, kind, value)
    return value


def other_kind(resource: Resource, kind: str, value: JSONObject) -> Invalid:
    """The error for a custom resource of another kind."""
    errors = ErrorList()
    errors.invalid("kind", kind, f"must be {resource.kind}")
    meta = value.get("metadata")
    name = meta.get("name") if isinstance(meta, dict) else ""
    return Invalid.kind(resource.group, kind, name if isinstance(name, str) else "", errors)


def decode_object(codec: ObjectCodec, gvk: GroupVersionKind, value: JSONObject) -> Decoded:
    """Decode and default an object of a known kind; also the paths of its unknown fields.

    Raises BadRequest when a member has a wrong type.
    """
    try:
        return codec.decode(value)
    except (DecodeError, protobuf.ProtobufError) as error:
        raise BadRequest(
            f'{gvk.kind} in version "{gvk.version}" cannot be handled as a {gvk.kind}: {error}'
        ) from None


def check_fields(
    request: Request,
    validation: str,
    gvk: GroupVersionKind,
    unknown: list[str],
    duplicates: list[str],
) -> None:
    """Warn about fields that the kind does not have or that come twice; raises under Strict."""
    texts = report_fields(request, validation, unknown, duplicates)
    if texts:
        raise BadRequest(
            f'{gvk.kind} in version "{gvk.version}" cannot be handled as a '
            f"{gvk.kind}: strict decoding error: {', '.join(texts)}"
        )


def report_fields(
    request: Request, validation: str, unknown: list[str], duplicates: list[str]
) -> list[str]:
    """What field validation says about a body.

    Adds warnings under Warn (the default); returns the texts under Strict, for the caller's
    error, and an empty list otherwise.
    """
    if not unknown and not duplicates:
        return []
    fields = [f'unknown field "{path}"' for path in unknown]
    if validation == "Strict":
        if duplicates and media_type(request) == "application/yaml":
            return [yaml.repeated_keys(duplicates), *fields]
        return [*duplicates, *fields]
    if validation != "Ignore":
        request.warnings.extend([*duplicates, *fields])
    return []
