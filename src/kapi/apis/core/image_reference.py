"""References to container images, and how often an image is pulled when nothing says so."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["image_pull_policy"]

_DOMAIN_COMPONENT = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_DOMAIN_COMPONENT}(?:\.{_DOMAIN_COMPONENT})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_IMAGE_REFERENCE = re.compile(
    rf"(?:{_DOMAIN}/)?{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
    rf"(?::([\w][\w.-]{{0,127}}))?(@{_DIGEST})?",
    re.ASCII,
)
_IMAGE_ID = re.compile(r"[a-f0-9]{64}")


# Registries take names of so many bytes; one without a slash is in their library.
_MAX_NAME = 255
_LIBRARY = "library/"
_LONG = _MAX_NAME - len(_LIBRARY)
# Many pods have few images.
_KEPT = 1024


def _name_is_too_long(image: str, tag: str | None, digest: str | None) -> bool:
    name = image.removesuffix(digest or "").removesuffix(f":{tag}" if tag else "")
    domain, slash, rest = name.partition("/")
    if not slash:
        name = _LIBRARY + name
    elif {".", ":"} & set(domain) or domain == "localhost" or domain.lower() != domain:
        name = rest
    return len(name) > _MAX_NAME


@lru_cache(maxsize=_KEPT)
def image_pull_policy(image: str) -> str:
    """``Always`` for an image that means ``latest``, otherwise ``IfNotPresent``."""
    match = _IMAGE_REFERENCE.fullmatch(image)
    if match is None or _IMAGE_ID.fullmatch(image):
        return "IfNotPresent"
    tag, digest = match.groups()
    if len(image) > _LONG and _name_is_too_long(image, tag, digest):
        return "IfNotPresent"
    latest = tag == "latest" or (tag is None and digest is None)
    return "Always" if latest else "IfNotPresent"
