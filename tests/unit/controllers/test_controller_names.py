"""--controllers: which controllers run."""

from __future__ import annotations

import pytest

from kapi.controllers.controller_manager import is_enabled


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        ((), False),
        (("*",), True),
        (("core",), True),
        (("*", "-namespace-controller"), False),
        (("*", "-namespace"), False),
        (("namespace",), True),
        (("namespace-controller", "other"), True),
        (("other",), False),
    ],
)
def test_is_enabled(wanted, runs):
    """By name, by an older name, by all of them, and not when it is taken out."""
    assert is_enabled(wanted, "namespace-controller", ("namespace",)) is runs
