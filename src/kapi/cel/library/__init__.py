"""The functions of expressions: the standard ones of CEL and the libraries of Kubernetes.

Implements "Kubernetes CEL libraries" of the documentation "Common Expression Language in
Kubernetes".
"""

from __future__ import annotations

from functools import cache

from kapi.cel.functions import Functions
from kapi.cel.library.authorizer import declare_authorizer
from kapi.cel.library.conversions import declare_conversions
from kapi.cel.library.formats import declare_formats
from kapi.cel.library.formatting import declare_formatting
from kapi.cel.library.lists import declare_lists
from kapi.cel.library.network import declare_network
from kapi.cel.library.optionals import declare_optionals
from kapi.cel.library.quantities import declare_quantities
from kapi.cel.library.semver import declare_semver
from kapi.cel.library.strings import declare_strings
from kapi.cel.library.times import declare_times
from kapi.cel.library.urls import declare_urls
from kapi.cel.operators import declare_operators

__all__ = ["kubernetes_functions"]


@cache
def kubernetes_functions() -> Functions:
    """Every function that an expression may call."""
    functions = Functions()
    for declare in (
        declare_operators,
        declare_conversions,
        declare_strings,
        declare_formatting,
        declare_lists,
        declare_times,
        declare_optionals,
        declare_urls,
        declare_network,
        declare_quantities,
        declare_semver,
        declare_formats,
        declare_authorizer,
    ):
        declare(functions)
    return functions
