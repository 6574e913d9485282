"""What a client needs for the protobuf encoding: envelopes, frames and messages of any kind.

Knows the wire format and the numbers of what all kinds share, and nothing about the server.
"""

from __future__ import annotations

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
NAME, UID, RESOURCE_VERSION, LABELS = 1, 5, 6, 11


def varint(value):
    """A number on the wire."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number, content):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def _read_varint(data, pos):
    value = shift = 0
    while True:
        byte = data[pos]
        value |= (byte & 127) << shift
        pos, shift = pos + 1, shift + 7
        if byte < 128:
            return value, pos


def fields(message):
    """The fields of a message in order, as (number, value, bytes on the wire)."""
    pos, found = 0, []
    while pos < len(message):
        start = pos
        key, pos = _read_varint(message, pos)
        if key & 7 == 2:
            size, pos = _read_varint(message, pos)
            value, pos = message[pos : pos + size], pos + size
        elif key & 7 == 1:
            value, pos = message[pos : pos + 8], pos + 8
        else:
            value, pos = _read_varint(message, pos)
        assert pos <= len(message)
        found.append((key >> 3, value, message[start:pos]))
    return found


def values(message, number):
    """The values of one field."""
    return [value for found, value, _ in fields(message) if found == number]


def name(message):
    """The name of an object."""
    return values(values(message, 1)[0], NAME)[0].decode()


def with_metadata(message, *, drop=(), new_name="", label=""):
    """A message with other metadata; metadata is field 1 of every object."""
    metadata = values(message, 1)[0]
    kept = [
        wire for number, _, wire in fields(metadata) if number not in {*drop, new_name and NAME}
    ]
    if new_name:
        kept.insert(0, field(NAME, new_name.encode()))
    if label:
        kept.append(field(LABELS, field(1, label.encode()) + field(2, b"")))
    rest = [wire for number, _, wire in fields(message) if number != 1]
    return field(1, b"".join(kept)) + b"".join(rest)


def wrap(api_version, kind, message):
    """An envelope."""
    type_meta = field(1, api_version.encode()) + field(2, kind.encode())
    return b"k8s\0" + field(1, type_meta) + field(2, message) + field(3, b"") + field(4, b"")


def unwrap(data):
    """apiVersion, kind and message of an envelope."""
    assert data[:4] == b"k8s\0"
    type_meta = values(data[4:], 1)[0]
    (api_version,), (kind,) = values(type_meta, 1), values(type_meta, 2)
    return api_version.decode(), kind.decode(), values(data[4:], 2)[0]


def frames(data):
    """The events of a watch as (type, envelope), and what is left of an incomplete one."""
    events = []
    while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big"):
        size = int.from_bytes(data[:4], "big")
        event, data = data[4 : 4 + size], data[4 + size :]
        (kind,), (raw,) = values(event, 1), values(event, 2)
        events.append((kind.decode(), values(raw, 1)[0]))
    return events, data
