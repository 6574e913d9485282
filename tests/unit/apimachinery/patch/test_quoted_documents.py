"""Patched documents stand in messages as their text would be."""

from __future__ import annotations

import pytest

from kapi.apimachinery.patch import quoted

DOCUMENT = {"kind": "K", "b": {"y": "<", "x": {"d": 1, "c": 2}}, "a": {"z": 1, "y": 2}}


@pytest.mark.parametrize(
    ("patch", "text"),
    [
        (
            b'{"n": 1.50, "a": null}',
            r'{"b":{"y":"\u003c","x":{"d":1,"c":2}},"kind":"K","n":1.50}',
        ),
        (
            b'{"b": {"x": 5, "w": {"t": 1, "s": null}}}',
            r'{"a":{"z":1,"y":2},"b":{"w":{"t":1},"x":5,"y":"\u003c"},"kind":"K"}',
        ),
        (
            b'{"a": [{"t": 1, "s": 2}], "b": {}}',
            r'{"a":[{"t":1,"s":2}],"b":{"x":{"d":1,"c":2},"y":"\u003c"},"kind":"K"}',
        ),
        (
            b'{"kind": {"t": 1, "s": [{"r": 1, "q": 1e2}]}, "a": null, "b": null}',
            '{"kind":{"s":[{"q":1e2,"r":1}],"t":1}}',
        ),
    ],
)
def test_merge_patches(patch: bytes, text: str) -> None:
    """What is merged is sorted, also what is new; what takes an object's place is not."""
    assert quoted.text(quoted.after_merge_patch(DOCUMENT, quoted.loads(patch))) == text


@pytest.mark.parametrize(
    ("patch", "text"),
    [
        (
            b'[{"op": "add", "path": "/n", "value": {"t": 1.50, "s": 2}}]',
            (
                r'{"a":{"z":1,"y":2},"b":{"y":"\u003c","x":{"d":1,"c":2}},"kind":"K",'
                '"n":{"t":1.50,"s":2}}'
            ),
        ),
        (
            b'[{"op": "add", "path": "/b/n", "value": []}, {"op": "remove", "path": "/a"}]',
            r'{"b":{"n":[],"x":{"d":1,"c":2},"y":"\u003c"},"kind":"K"}',
        ),
    ],
)
def test_json_patches(patch: bytes, text: str) -> None:
    """Objects that an operation walked into are sorted, others stand as they were."""
    assert quoted.text(quoted.after_json_patch(DOCUMENT, quoted.loads(patch))) == text
