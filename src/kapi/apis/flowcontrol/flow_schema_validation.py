"""Validation of FlowSchema.

Implements "API Priority and Fairness: FlowSchema" of the documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import names
from kapi.apimachinery.gostruct import GoStruct, list_of, pointer_to, value_of
from kapi.apis.flowcontrol.mandatory import EXEMPT, FLOW_SCHEMAS

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject

__all__ = ["validate_conditions", "validate_flow_schema"]

_NAME = GoStruct(name=("Name", "", None))
_METHOD = GoStruct(type=("Type", "", None))
_SUBJECT = GoStruct(
    kind=("Kind", "", None),
    user=pointer_to("User", _NAME),
    group=pointer_to("Group", _NAME),
    serviceAccount=pointer_to(
        "ServiceAccount", GoStruct(namespace=("Namespace", "", None), name=("Name", "", None))
    ),
)
_RESOURCE_RULE = GoStruct(
    verbs=("Verbs", None, None),
    apiGroups=("APIGroups", None, None),
    resources=("Resources", None, None),
    clusterScope=("ClusterScope", False, None),
    namespaces=("Namespaces", None, None),
)
_NON_RESOURCE_RULE = GoStruct(
    verbs=("Verbs", None, None), nonResourceURLs=("NonResourceURLs", None, None)
)
_SPEC = GoStruct(
    priorityLevelConfiguration=value_of("PriorityLevelConfiguration", _NAME),
    matchingPrecedence=("MatchingPrecedence", 0, None),
    distinguisherMethod=pointer_to("DistinguisherMethod", _METHOD),
    rules=list_of(
        "Rules",
        GoStruct(
            subjects=list_of("Subjects", _SUBJECT),
            resourceRules=list_of("ResourceRules", _RESOURCE_RULE),
            nonResourceRules=list_of("NonResourceRules", _NON_RESOURCE_RULE),
        ),
    ),
)

_MAX_PRECEDENCE = 10000
_METHODS = ("ByNamespace", "ByUser")
# Which member of a subject goes with which kind.
_SUBJECTS = {"User": "user", "Group": "group", "ServiceAccount": "serviceAccount"}
_FORBIDDEN_ORDER = {
    "User": ("serviceAccount", "group"),
    "Group": ("serviceAccount", "user"),
    "ServiceAccount": ("user", "group"),
}
_KIND_OF = {member: kind for kind, member in _SUBJECTS.items()}
_VERBS = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "proxy",
    "update",
    "watch",
)


def validate_flow_schema(obj: JSONObject, errors: ErrorList) -> None:
    """The spec, which is fixed for the mandatory schemas, and the conditions."""
    name, spec = obj["metadata"].get("name", ""), obj.get("spec") or {}
    _validate_precedence(spec.get("matchingPrecedence", 0), name, errors)
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in _METHODS:
        errors.not_supported("spec.distinguisherMethod.type", _METHOD.show(method), _METHODS)
    level = (spec.get("priorityLevelConfiguration") or {}).get("name", "")
    path = "spec.priorityLevelConfiguration.name"
    if level:
        errors.invalid_each(path, level, names.dns1123_subdomain(level))
    else:
        errors.required(path, "must reference a priority level")
    for i, rule in enumerate(spec.get("rules") or ()):
        _validate_rule(rule, f"spec.rules[{i}]", errors)
    mandatory = FLOW_SCHEMAS.get(name)
    if mandatory is not None:
        shown = _SPEC.show(spec)
        if shown != _SPEC.show(mandatory):
            errors.invalid("spec", shown, f"spec of '{name}' must equal the fixed value")
    validate_conditions(obj, errors)


def _validate_precedence(precedence: int, name: str, errors: ErrorList) -> None:
    path = "spec.matchingPrecedence"
    if precedence <= 0:
        errors.invalid(path, precedence, "must be a positive value")
    if precedence > _MAX_PRECEDENCE:
        errors.invalid(path, precedence, f"must not be greater than {_MAX_PRECEDENCE}")
    if precedence == 1 and name != EXEMPT:
        message = "only the schema named 'exempt' may have matchingPrecedence 1"
        errors.invalid(path, precedence, message)


def _validate_rule(rule: JSONObject, path: str, errors: ErrorList) -> None:
    subjects = rule.get("subjects") or ()
    if not subjects:
        errors.required(f"{path}.subjects", "subjects must contain at least one value")
    for i, subject in enumerate(subjects):
        _validate_subject(subject, f"{path}.subjects[{i}]", errors)
    resource_rules = rule.get("resourceRules") or ()
    non_resource_rules = rule.get("nonResourceRules") or ()
    if not resource_rules and not non_resource_rules:
        message = "at least one of resourceRules and nonResourceRules has to be non-empty"
        errors.required(path, message)
    for i, entry in enumerate(resource_rules):
        _validate_resource_rule(entry, f"{path}.resourceRules[{i}]", errors)
    for i, entry in enumerate(non_resource_rules):
        _validate_non_resource_rule(entry, f"{path}.nonResourceRules[{i}]", errors)


def _validate_subject(subject: JSONObject, path: str, errors: ErrorList) -> None:
    kind = subject.get("kind", "")
    member = _SUBJECTS.get(kind)
    if member is None:
        errors.not_supported(f"{path}.kind", kind, sorted(_SUBJECTS))
        return
    who = subject.get(member)
    if who is None:
        errors.required(f"{path}.{member}", f"{member} is required when subject kind is '{kind}'")
    elif member == "serviceAccount":
        _validate_service_account(who, f"{path}.{member}", errors)
    elif not who.get("name"):
        errors.required(f"{path}.{member}.name")
    for other in _FORBIDDEN_ORDER[kind]:
        if subject.get(other) is not None:
            message = f"{other} is forbidden when subject kind is not '{_KIND_OF[other]}'"
            errors.forbidden(f"{path}.{other}", message)


def _validate_service_account(who: JSONObject, path: str, errors: ErrorList) -> None:
    name, namespace = who.get("name", ""), who.get("namespace", "")
    if not name:
        errors.required(f"{path}.name")
    elif name != "*":
        errors.invalid_each(f"{path}.name", name, names.dns1123_subdomain(name))
    if namespace:
        errors.invalid_each(f"{path}.namespace", namespace, names.dns1123_label(namespace))
    else:
        errors.required(f"{path}.namespace", "must specify namespace for service account")


def _alone(values: list[str], path: str, others: str, errors: ErrorList) -> bool:
    """Report a wildcard that is not alone; whether there is a wildcard."""
    if "*" not in values:
        return False
    if len(values) > 1:
        errors.invalid(path, values, f"if '*' is present, must not specify other {others}")
    return True


def _validate_verbs(rule: JSONObject, path: str, errors: ErrorList) -> None:
    verbs, where = rule.get("verbs") or [], f"{path}.verbs"
    if not verbs:
        errors.required(where, "verbs must contain at least one value")
    elif not _alone(verbs, where, "verbs", errors) and not set(verbs) <= set(_VERBS):
        errors.not_supported(where, verbs, _VERBS)


def _validate_resource_rule(rule: JSONObject, path: str, errors: ErrorList) -> None:
    _validate_verbs(rule, path, errors)
    for member, others, what in (
        ("apiGroups", "api groups", "api group"),
        ("resources", "resources", "resource"),
    ):
        values, where = rule.get(member) or [], f"{path}.{member}"
        if not values:
            errors.required(where, f"resource rules must supply at least one {what}")
        else:
            _alone(values, where, others, errors)
    namespaces, where = rule.get("namespaces") or [], f"{path}.namespaces"
    if not namespaces and not rule.get("clusterScope"):
        message = "resource rules that are not cluster scoped must supply at least one namespace"
        errors.required(where, message)
    elif not _alone(namespaces, where, "namespaces", errors):
        for i, namespace in enumerate(namespaces):
            errors.invalid_each(f"{where}[{i}]", namespace, names.dns1123_label(namespace))


def _validate_non_resource_rule(rule: JSONObject, path: str, errors: ErrorList) -> None:
    _validate_verbs(rule, path, errors)
    urls, where = rule.get("nonResourceURLs") or [], f"{path}.nonResourceURLs"
    if not urls:
        errors.required(where, "nonResourceURLs must contain at least one value")
    elif not _alone(urls, where, "non-resource URLs", errors):
        for i, url in enumerate(urls):
            message = _url_message(url)
            if message:
                errors.invalid(f"{where}[{i}]", url, message)


def _url_message(url: str) -> str:
    if not url:
        return "must not be empty"
    if url == "/":
        return ""
    if url[0] != "/":
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    wildcards = url.count("*")
    if wildcards > 1 or (wildcards and not url.endswith("/*")):
        return "wildcard can only do suffix matching"
    return ""


def validate_conditions(obj: JSONObject, errors: ErrorList) -> None:
    """The conditions of a flow control object: one of each type."""
    seen: set[str] = set()
    for i, condition in enumerate((obj.get("status") or {}).get("conditions") or ()):
        path, kind = f"status.conditions[{i}].type", condition.get("type", "")
        if kind in seen:
            errors.duplicate(path, kind)
        seen.add(kind)
        if not kind:
            errors.required(path, "must not be empty")
