"""What macros are estimated to cost: the loops that CEL defines them as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.cel.costs.calls import LIST_LITERAL, MAP_LITERAL
from kapi.cel.costs.estimated_calls import sort_estimate
from kapi.cel.costs.sizes import UNKNOWN, Range, fixed

if TYPE_CHECKING:
    from kapi.cel.costs.estimate import Estimator
    from kapi.cel.syntax import Comprehension

__all__ = ["estimate_comprehension"]

_ONE = fixed(1)
# The sum of the result and a list of one item, and the insertion of an entry into the result.
_APPEND, _INSERT = 1 + 1 + LIST_LITERAL, 1 + 1
_MAPS = ("transformMap", "transformMapEntry")


def estimate_comprehension(estimator: Estimator, node: Comprehension) -> Range:
    """What a macro costs."""
    if node.macro in ("optMap", "optFlatMap"):
        return _optional(estimator, node)
    if node.macro == "sortBy":
        return _sort_by(estimator, node)
    return _loop(estimator, node)


def _optional(estimator: Estimator, node: Comprehension) -> Range:
    """Whether there is a value is asked first; then it is bound, and the result made optional."""
    flat, body = node.macro == "optFlatMap", node.args[0]
    asked = estimator.cost(node.target).plus(_ONE)
    estimator.push_computed(node.names[0])
    made = estimator.cost(body).plus(asked).plus(fixed(LIST_LITERAL))
    size = estimator.size(body) if flat else estimator.size(node)
    estimator.pop()
    estimator.set_size(node, (estimator.size(node) or UNKNOWN).union(size or UNKNOWN))
    return asked.plus((made if flat else made.plus(_ONE)).union(_ONE))


def _sort_by(estimator: Estimator, node: Comprehension) -> Range:
    """The list is bound, its keys are made by a loop, and it is sorted by them."""
    target, key = node.target, node.args[0]
    cost = estimator.cost(target)
    size = estimator.size(target) or UNKNOWN
    estimator.push_items(node.names, target)
    each = estimator.cost(key).plus(fixed(_APPEND))
    estimator.pop(len(node.names))
    keys = fixed(1 + LIST_LITERAL + 1).plus(size.times(each))
    sorting = sort_estimate(size, estimator.type_of(key))
    estimator.set_size(node, sorting.size)
    return fixed(LIST_LITERAL + 1).plus(cost).plus(keys).plus(sorting.cost)


def _loop(estimator: Estimator, node: Comprehension) -> Range:
    target, macro = node.target, node.macro
    total = estimator.cost(target)
    estimator.push_items(node.names, target)
    parts = [estimator.cost(arg) for arg in node.args]
    each = _step(macro, parts)
    _set_entries(estimator, node)
    estimator.pop(len(node.names))
    size = estimator.size(target) or UNKNOWN
    total = total.plus(size.times(each))
    if macro in ("all", "exists"):
        estimator.set_size(node, _ONE)
        return total.plus(_ONE)  # the result
    if macro in ("exists_one", "existsOne"):
        estimator.set_size(node, _ONE)
        return total.plus(fixed(2))  # the result, compared with one
    estimator.set_size(node, size)
    return total.plus(fixed(1 + (MAP_LITERAL if macro in _MAPS else LIST_LITERAL)))


def _step(macro: str, parts: list[Range]) -> Range:
    """What each item costs: the question whether to go on, and what is made of it."""
    first, last = parts[0], parts[-1]
    if macro in ("all", "exists"):
        condition = 2 if macro == "all" else 3
        return fixed(condition).plus(Range(1, first.plus(_ONE).most))
    if macro in ("exists_one", "existsOne"):
        return first.plus(Range(1, 2))
    if macro == "filter":
        return first.plus(Range(1, _APPEND + 1))
    if macro == "transformMap":
        made = last.plus(fixed(_INSERT + 1))
    elif macro == "transformMapEntry":
        made = last.plus(fixed(_INSERT))
    else:
        made = last.plus(fixed(_APPEND))
    return made if len(parts) == 1 else first.plus(made.union(_ONE))


def _set_entries(estimator: Estimator, node: Comprehension) -> None:
    """Items of the lists that macros make can have any size up to that of what is added."""
    if node.macro in ("all", "exists", "exists_one", "existsOne", *_MAPS):
        return
    if node.macro == "filter":
        item = estimator.type_of(node).params[0]
        size = estimator.size_of_local(node.names[0], item)
    else:
        size = estimator.size(node.args[-1])
    estimator.set_made(node, Range(0, (size or UNKNOWN).most))
