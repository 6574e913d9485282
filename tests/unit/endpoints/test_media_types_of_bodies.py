"""The media type of a body must be well formed."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import UnsupportedMediaType
from kapi.apimachinery.user import UserInfo
from kapi.endpoints.body import read_body
from kapi.endpoints.request import Request, parse_path


def posted(content_type: str) -> Request:
    """A request with an empty object."""
    headers = {b"content-type": content_type.encode()}
    path = parse_path("/api/v1/namespaces/default/configmaps")
    return Request("POST", path, headers, b"", b"{}", UserInfo("ann"), "audit")


@pytest.mark.parametrize(
    "parameters",
    ["", ";", "; charset=utf-8", ';charset="utf-8"', ";a=b;c=d;", " ; a = b", ";q=x"],
)
def test_parameters_mean_nothing(parameters: str) -> None:
    """Whatever the parameters say, the type decides."""
    assert read_body(posted(f"application/json{parameters}")).value == {}


@pytest.mark.parametrize(
    "parameters", [";;", ";charset", ";charset=", ';charset="utf-8', ";a=b; ;", ";a=b x", " x"]
)
def test_parameters_that_are_none(parameters: str) -> None:
    """What is no list of parameters makes the type unknown."""
    with pytest.raises(UnsupportedMediaType):
        read_body(posted(f"application/json{parameters}"))
