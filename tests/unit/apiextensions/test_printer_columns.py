"""Printer columns and the JSONPaths in them."""

from __future__ import annotations

import pytest

from kapi.apiextensions.customresource.columns import printer_columns
from kapi.apiextensions.customresource.jsonpath import JSONPathError, compile_path

OBJECT = {
    "metadata": {"name": "a", "labels": {"example.com/x": "y"}},
    "spec": {"n": 1.75, "list": [{"type": "A", "v": 1}, {"type": "B", "v": 2}], "nothing": None},
}


def cell(kind, path):
    columns = printer_columns([{"name": "C", "type": kind, "jsonPath": path}])
    return columns.cells(OBJECT, 0.0)[1]


@pytest.mark.parametrize(
    ("kind", "path", "shown"),
    [
        ("integer", ".spec.n", 1),
        ("number", ".spec.n", 1.75),
        ("string", ".spec.n", "1.75"),
        ("string", ".spec.list[0]", '{"type":"A","v":1}'),
        ("string", ".spec.nothing", "<no value>"),
        ("string", ".spec.missing", None),
        ("boolean", ".spec.n", None),
        ("date", ".metadata.name", "<invalid>"),
        ("string", '.spec.list[?(@.type=="B")].v', "2"),
        ("string", ".metadata.labels.example\\.com/x", "y"),
        ("integer", ".spec.list[*].v", 1),
        ("integer", ".spec.list[-1].v", 2),
    ],
)
def test_cells(kind, path, shown):
    """A cell has its column's type, or is null."""
    assert cell(kind, path) == shown


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("integer", 1e300, -(1 << 63)),
        ("integer", -1.5, -1),
        ("date", "0001-01-01T00:00:00+10:00", "292y"),
        ("date", "9999-12-31T23:59:59-10:00", "<invalid>"),
    ],
)
def test_values_out_of_range(kind, value, shown):
    """Numbers beyond 64 bits and times at the ends of the calendar are cells of a table, too."""
    columns = printer_columns([{"name": "C", "type": kind, "jsonPath": ".v"}])
    assert columns.cells({"metadata": {}, "v": value}, 1.8e9)[1] == shown


def test_without_columns_the_age_is_shown():
    """Columns of one's own replace the age."""
    assert [c.name for c in printer_columns([]).columns] == ["Name", "Age"]
    own = [{"name": "C", "type": "string", "jsonPath": ".a"}]
    assert [c.name for c in printer_columns(own).columns] == ["Name", "C"]


def test_broken_paths_are_refused():
    """What is no JSONPath is an error."""
    with pytest.raises(JSONPathError):
        compile_path(".spec[")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f".a[{'9' * 5000}]", []),
        (f".a[-{'9' * 5000}]", []),
        (f".a[0:{'9' * 5000}]", [1, 2]),
        (".." * 2000 + "a", [[1, 2]]),
    ],
)
def test_unreasonable_paths(path, found):
    """Places beyond any list have nothing; descending again and again finds no more."""
    assert compile_path(path)({"a": [1, 2]}) == found
