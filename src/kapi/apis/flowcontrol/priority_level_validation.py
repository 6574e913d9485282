"""Validation of PriorityLevelConfiguration.

Implements "API Priority and Fairness: PriorityLevelConfiguration" of the documentation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kapi.apimachinery.gostruct import GoStruct, pointer_to, value_of
from kapi.apis.flowcontrol.flow_schema_validation import validate_conditions
from kapi.apis.flowcontrol.mandatory import EXEMPT, PRIORITY_LEVELS

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_priority_level"]

_QUEUING = GoStruct(
    queues=("Queues", 0, None),
    handSize=("HandSize", 0, None),
    queueLengthLimit=("QueueLengthLimit", 0, None),
)
_LIMITED = GoStruct(
    nominalConcurrencyShares=("NominalConcurrencyShares", 0, None),
    limitResponse=value_of(
        "LimitResponse",
        GoStruct(type=("Type", "", None), queuing=pointer_to("Queuing", _QUEUING)),
    ),
    lendablePercent=("LendablePercent", None, None),
    borrowingLimitPercent=("BorrowingLimitPercent", None, None),
)
_EXEMPT = GoStruct(
    nominalConcurrencyShares=("NominalConcurrencyShares", None, None),
    lendablePercent=("LendablePercent", None, None),
)
_SPEC = GoStruct(
    type=("Type", "", None),
    limited=pointer_to("Limited", _LIMITED),
    exempt=pointer_to("Exempt", _EXEMPT),
)
_TYPES = ("Exempt", "Limited")
_RESPONSES = ("Queue", "Reject")
_MAX_QUEUES = 10_000_000
_MAX_ENTROPY_BITS = 60  # a hand is dealt from one 64 bit hash


def validate_priority_level(obj: JSONObject, errors: ErrorList) -> None:
    """The spec, which is fixed for the mandatory levels, and the conditions."""
    name, spec = obj["metadata"].get("name", ""), obj.get("spec") or {}
    _validate_spec(spec, name, errors)
    mandatory = PRIORITY_LEVELS.get(name)
    if mandatory is not None:
        shown, fixed = _SPEC.show(spec), _SPEC.show(mandatory)
        if name == EXEMPT:
            message = "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"
            same = shown | {"Exempt": None} == fixed | {"Exempt": None}
        else:
            message, same = f"spec of '{name}' must equal the fixed value", shown == fixed
        if not same:
            errors.invalid("spec", shown, message)
    validate_conditions(obj, errors)


def _validate_spec(spec: JSONObject, name: str, errors: ErrorList) -> None:
    kind, limited, exempt = spec.get("type", ""), spec.get("limited"), spec.get("exempt")
    if (name == EXEMPT) != (kind == "Exempt"):
        errors.invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'")
    if kind == "Exempt":
        if limited is not None:
            errors.forbidden("spec.limited", "must be nil if the type is not Limited")
        if exempt is not None:
            _validate_shares(exempt, "spec.exempt", errors)
            _validate_lendable(exempt, "spec.exempt", errors)
    elif kind == "Limited":
        if exempt is not None:
            errors.forbidden("spec.exempt", "must be nil if the type is Limited")
        if limited is None:
            errors.required("spec.limited", "must not be empty when type is Limited")
        else:
            _validate_limited(limited, "spec.limited", errors)
    else:
        errors.not_supported("spec.type", kind, _TYPES)


def _validate_shares(level: JSONObject, path: str, errors: ErrorList) -> None:
    shares = level.get("nominalConcurrencyShares")
    if shares is not None and shares < 0:
        where = f"{path}.nominalConcurrencyShares"
        errors.invalid(where, shares, "must be a non-negative integer")


def _validate_lendable(level: JSONObject, path: str, errors: ErrorList) -> None:
    percent = level.get("lendablePercent")
    if percent is not None and not 0 <= percent <= 100:
        where = f"{path}.lendablePercent"
        errors.invalid(where, percent, "must be between 0 and 100, inclusive")


def _validate_limited(limited: JSONObject, path: str, errors: ErrorList) -> None:
    _validate_shares(limited, path, errors)
    response, where = limited.get("limitResponse") or {}, f"{path}.limitResponse"
    kind, queuing = response.get("type", ""), response.get("queuing")
    if kind == "Reject":
        if queuing is not None:
            message = "must be nil if limited.limitResponse.type is not Limited"
            errors.forbidden(f"{where}.queuing", message)
    elif kind == "Queue":
        if queuing is None:
            message = "must not be empty if limited.limitResponse.type is Limited"
            errors.required(f"{where}.queuing", message)
        else:
            _validate_queuing(queuing, f"{where}.queuing", errors)
    else:
        errors.not_supported(f"{where}.type", kind, _RESPONSES)
    _validate_lendable(limited, path, errors)
    borrowing = limited.get("borrowingLimitPercent")
    if borrowing is not None and borrowing < 0:
        where = f"{path}.borrowingLimitPercent"
        errors.invalid(where, borrowing, "if specified, must be a non-negative integer")


def _validate_queuing(queuing: JSONObject, path: str, errors: ErrorList) -> None:
    limit = queuing.get("queueLengthLimit", 0)
    queues, hand = queuing.get("queues", 0), queuing.get("handSize", 0)
    if limit <= 0:
        errors.invalid(f"{path}.queueLengthLimit", limit, "must be positive")
    if queues <= 0:
        errors.invalid(f"{path}.queues", queues, "must be positive")
    elif queues > _MAX_QUEUES:
        errors.invalid(f"{path}.queues", queues, f"must not be greater than {_MAX_QUEUES}")
    elif hand <= 0:
        errors.invalid(f"{path}.handSize", hand, "must be positive")
    elif hand > queues:
        errors.invalid(f"{path}.handSize", hand, f"should not be greater than queues ({queues})")
    elif _entropy_bits(queues, hand) > _MAX_ENTROPY_BITS:
        errors.invalid(
            f"{path}.handSize",
            hand,
            f"required entropy bits of deckSize {queues} and handSize {hand} should not be "
            f"greater than {_MAX_ENTROPY_BITS}",
        )


def _entropy_bits(deck: int, hand: int) -> int:
    """The bits that choosing ``hand`` cards of ``deck`` in order takes."""
    bits = 0.0
    for dealt in range(hand):
        bits += math.log2(deck - dealt)
        if bits > _MAX_ENTROPY_BITS:
            break
    return math.ceil(bits)
