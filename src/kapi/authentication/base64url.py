"""Base64url without padding, in which tokens and keys are written (RFC 7515, section 2)."""

from __future__ import annotations

import base64

__all__ = ["decode_segment", "encode_segment"]


def encode_segment(data: bytes) -> bytes:
    """The text of some bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode_segment(text: str) -> bytes:
    """The bytes of a text; ValueError when it is none."""
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)
