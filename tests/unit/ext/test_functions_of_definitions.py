"""Which functions a server uses for a definition in its store."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kapi import ext
from kapi.apiextensions.customresource.functions import functions_of
from kapi.apimachinery.errors import ServiceUnavailable
from kapi.apimachinery.field import ErrorList
from kapi.ext.behaviour import Behaviour

NAME = "things.example.com"


@dataclass
class Thing:
    size: int = 1


def declare(*versions, stored=None):
    extension = ext.Extension("example.com")
    for version in versions:
        extension.resource(version=version, kind="Thing", storage=version == stored or None)(Thing)
    return extension.declarations()[0]


def functions(declaration, definition):
    return functions_of(definition, {NAME: Behaviour(declaration)})


def test_code_and_definition_that_belong_together():
    """The functions of a server are used for the versions that they were written for."""
    declaration = declare("v1", "v2")
    assert isinstance(functions(declaration, declaration.definition()), Behaviour)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (declare("v1"), declare("v1", "v2")),
        (declare("v1", "v2"), declare("v2")),
        (declare("v1", "v2", stored="v1"), declare("v1", "v2", stored="v2")),
    ],
)
def test_code_of_another_version_judges_nothing(ours, theirs):
    """What newer code declares is read by a server with the older one, not written."""
    found = functions(ours, theirs.definition())
    with pytest.raises(ServiceUnavailable, match="of which this server has another version"):
        found.validate(None, {"metadata": {}}, None, ErrorList())


def test_ordinary_definitions_have_no_functions():
    """Nothing happens to a definition without the mark."""
    definition = declare("v1").definition()
    assert functions_of(definition, {}) is not None
    del definition["metadata"]["annotations"]
    assert functions_of(definition, {}) is None
