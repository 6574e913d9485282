"""The quick test of validity against the complete check of schemas."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kapi.apiextensions.schema.failures import ABSENT, Failures
from kapi.apiextensions.schema.validation import compile_validator
from kapi.apiextensions.schema.validity import compile_validity
from schema_instances.expectations import with_defaults
from schema_instances.generator import Generator
from schema_instances.twins import nodes, twins

DEFINITIONS = Path(__file__).parents[2] / "definitions"
SCHEMAS = [
    version["schema"]["openAPIV3Schema"]
    for file in sorted(DEFINITIONS.glob("*.yaml"))
    for version in yaml.safe_load(file.read_text())["spec"]["versions"]
]
PARTS = [part for schema in SCHEMAS for _, part in nodes(schema)]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-10, 120)
    | st.sampled_from([1 << 31, -(1 << 31) - 1, 1 << 63, 0.5, 2.0, -0.25, 1e30])
    | st.sampled_from(
        ["", "a", "m", "kg", "50%", "AB-123", "north", "2026-01-31", "true", "x" * 50]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "number", "kind", "minutes", "key", "area"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


def failures_of(schema, value):
    failures = Failures()
    compile_validator(schema)(value, ABSENT, "", failures)
    return failures


@given(st.sampled_from(PARTS), VALUES)
def test_nothing_invalid_is_passed(schema, value):
    """What the quick test passes has no failures."""
    if compile_validity(schema)(value):
        assert failures_of(schema, value) == []


@pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
def test_twins_and_valid_instances(schema):
    """Valid instances pass, and every twin that a schema refuses is doubted."""
    generator = Generator(schema, {"name": "one"})
    passes = compile_validity(schema)
    for make in (generator.minimal, generator.full):
        assert passes(with_defaults(schema, make(generator.schema)))
    refused = 0
    for twin in twins(generator, lambda _reason, _path: None):
        failed = bool(failures_of(schema, twin.instance))
        assert passes(twin.instance) is not failed, twin
        refused += failed
    assert refused or "properties" not in schema
