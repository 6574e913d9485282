"""Node affinity, pod affinity and pod anti-affinity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.metav1 import validate_label_selector
from kapi.apis.core.pod_validation_scheduling import selector_key_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.apis.core.pod_validation_options import PodValidationOptions

__all__ = ["validate_affinity", "validate_node_selector", "validate_node_selector_term"]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NOT_AN_OPERATOR = "not a valid selector operator"


def validate_affinity(
    affinity: JSONObject, path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    """Validate ``affinity`` of a pod."""
    node = affinity.get("nodeAffinity")
    if node:
        where = f"{path}.nodeAffinity"
        if node.get(_REQUIRED) is not None:
            validate_node_selector(
                node[_REQUIRED],
                f"{where}.{_REQUIRED}",
                errors,
                allow_invalid_values=options.allow_invalid_required_affinity_values,
            )
        _validate_preferred_terms(node.get(_PREFERRED) or (), f"{where}.{_PREFERRED}", errors)
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name)
        if terms:
            _validate_pod_affinity(terms, f"{path}.{name}", errors, options)


def validate_node_selector(
    selector: JSONObject, path: str, errors: ErrorList, *, allow_invalid_values: bool = False
) -> None:
    """Validate a NodeSelector, of a pod or of a PersistentVolume."""
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        errors.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
        return
    for index, term in enumerate(terms):
        validate_node_selector_term(
            term,
            f"{path}.nodeSelectorTerms[{index}]",
            errors,
            allow_invalid_values=allow_invalid_values,
        )


def validate_node_selector_term(
    term: JSONObject, path: str, errors: ErrorList, *, allow_invalid_values: bool = False
) -> None:
    """Validate one term: expressions on labels and on fields of nodes."""
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        where = f"{path}.matchExpressions[{index}]"
        _validate_requirement(expression, where, errors)
        if not allow_invalid_values:
            for position, value in enumerate(expression.get("values") or ()):
                errors.invalid_each(f"{where}.values[{position}]", value, names.label_value(value))
    for index, expression in enumerate(term.get("matchFields") or ()):
        _validate_field_requirement(expression, f"{path}.matchFields[{index}]", errors)


def _validate_requirement(expression: JSONObject, path: str, errors: ErrorList) -> None:
    operator = expression.get("operator", "")
    values = expression.get("values") or ()
    where = f"{path}.values"
    if operator in ("In", "NotIn"):
        if not values:
            errors.required(where, "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.forbidden(
                where, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            )
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            errors.required(where, "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        errors.invalid(f"{path}.operator", operator, _NOT_AN_OPERATOR)
    key = expression.get("key", "")
    errors.invalid_each(f"{path}.key", key, names.qualified_name(key))


def _validate_field_requirement(expression: JSONObject, path: str, errors: ErrorList) -> None:
    operator = expression.get("operator", "")
    values = expression.get("values") or ()
    if operator not in ("In", "NotIn"):
        errors.invalid(f"{path}.operator", operator, _NOT_AN_OPERATOR)
    elif len(values) != 1:
        errors.required(
            f"{path}.values",
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        )
    key = expression.get("key", "")
    if key != "metadata.name":
        errors.invalid(f"{path}.key", key, "not a valid field selector key")
        return
    for index, value in enumerate(values):
        errors.invalid_each(f"{path}.values[{index}]", value, names.dns1123_subdomain(value))


def _validate_weight(weight: int, path: str, errors: ErrorList) -> None:
    if not 0 < weight <= 100:
        errors.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _validate_preferred_terms(terms: Iterable[JSONObject], path: str, errors: ErrorList) -> None:
    for index, term in enumerate(terms):
        where = f"{path}[{index}]"
        _validate_weight(term.get("weight") or 0, where, errors)
        # Label values that no node can have are only warned of here.
        validate_node_selector_term(
            term.get("preference") or {}, f"{where}.preference", errors, allow_invalid_values=True
        )


def _validate_pod_affinity(
    terms: JSONObject, path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    for index, term in enumerate(terms.get(_REQUIRED) or ()):
        _validate_pod_term(term, f"{path}.{_REQUIRED}[{index}]", errors, options)
    for index, weighted in enumerate(terms.get(_PREFERRED) or ()):
        where = f"{path}.{_PREFERRED}[{index}]"
        _validate_weight(weighted.get("weight") or 0, where, errors)
        _validate_pod_term(
            weighted.get("podAffinityTerm") or {}, f"{where}.podAffinityTerm", errors, options
        )


def _validate_pod_term(
    term: JSONObject, path: str, errors: ErrorList, options: PodValidationOptions
) -> None:
    for name in ("labelSelector", "namespaceSelector"):
        validate_label_selector(
            term.get(name),
            f"{path}.{name}",
            errors,
            allow_invalid_values=options.allow_invalid_label_values,
        )
    for namespace in term.get("namespaces") or ():
        errors.invalid_each(f"{path}.namespace", namespace, names.dns1123_label(namespace))
    if term.get("matchLabelKeys") or term.get("mismatchLabelKeys"):
        _validate_label_keys(term, path, errors)
    topology_key = term.get("topologyKey", "")
    if not topology_key:
        errors.required(f"{path}.topologyKey", "can not be empty")
    errors.invalid_each(f"{path}.topologyKey", topology_key, names.qualified_name(topology_key))


def _validate_label_keys(term: JSONObject, path: str, errors: ErrorList) -> None:
    selector = term.get("labelSelector")
    match: Sequence[str] = term.get("matchLabelKeys") or ()
    mismatch: Sequence[str] = term.get("mismatchLabelKeys") or ()
    for name, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if not keys:
            continue
        if selector is None:
            errors.forbidden(
                f"{path}.{name}", "must not be specified when labelSelector is not set"
            )
        for index, key in enumerate(keys):
            errors.invalid_each(f"{path}.{name}[{index}]", key, names.qualified_name(key))
    counts = selector_key_counts(selector or {})
    for index, key in enumerate(match):
        if counts.get(key, 0) > 1:
            # The index is that of the key, below the path of the term.
            errors.invalid(
                f"{path}[{index}]", key, "exists in both matchLabelKeys and labelSelector"
            )
    for index, key in enumerate(match):
        if key in mismatch:
            errors.invalid(
                f"{path}.matchLabelKeys[{index}]",
                key,
                "exists in both matchLabelKeys and mismatchLabelKeys",
            )
