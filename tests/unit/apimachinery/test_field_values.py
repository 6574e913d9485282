"""Values as they stand in field errors."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import render


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a<b", '"a<b"'),
        (["a<b>c&d"], '["a\\u003cb\\u003ec\\u0026d"]'),
        ({"a": "\u2028\u2029é"}, '{"a":"\\u2028\\u2029é"}'),
        (None, "null"),
        (1.5, "1.5"),
    ],
)
def test_json_is_fit_for_html(value, shown):
    """Characters that mean something in HTML are escaped in JSON, not in plain text."""
    assert render(value) == shown
