"""Type checking of ValidatingAdmissionPolicies: expressions against the kinds that they judge.

Implements "Type checking" of the documentation of ValidatingAdmissionPolicy: the expressions and
message expressions of validations are compiled once for each kind that the rules name, with
``object``, ``oldObject`` and ``params`` of these kinds. What is found is a warning and changes
nothing about the policy. At most ten kinds are looked at; rules with wildcards name none.

Not as kube-controller-manager: ``authorizer.requestResource`` is known here, which is told there
as an error of expressions that are fine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery.types import GroupVersion, GroupVersionKind
from kapi.cel.admission import authorizer_types, namespace_type, request_type
from kapi.cel.environment import Environment
from kapi.cel.syntax import CompileError
from kapi.cel.types import DYN, Type, object_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kapi.admission.policy.kind_types import KindLookup
    from kapi.apimachinery.types import JSONObject

__all__ = ["kinds_to_check", "type_warnings"]

_MAX_KINDS = 10


def type_warnings(policy: JSONObject, lookup: KindLookup) -> list[JSONObject]:
    """The ``expressionWarnings`` of a policy's status."""
    spec: JSONObject = policy.get("spec") or {}
    environments = [
        (f"{kind.group}/{kind.version}, Kind={kind.kind}", _environment(spec, found, lookup))
        for kind in kinds_to_check(spec, lookup)
        if (found := lookup.type_of(kind)) is not None
    ]
    warnings: list[JSONObject] = []
    for path, expression in _expressions(spec):
        problems = [
            f"{kind}: {problem}\n"
            for kind, environment in environments
            if (problem := _problem(environment, expression))
        ]
        if problems:
            warnings.append({"fieldRef": path, "warning": "\n".join(problems)})
    return warnings


def kinds_to_check(spec: JSONObject, lookup: KindLookup) -> list[GroupVersionKind]:
    """The kinds that the rules of a policy name, sorted."""
    found: set[GroupVersionKind] = set()
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        count = 0
        for group, version, resource in _resources(rule):
            for kind in lookup.kinds_of(group, version, resource):
                found.add(kind)
                count += 1
                if count == _MAX_KINDS:
                    return sorted(found)
    return sorted(found)


def _resources(rule: JSONObject) -> Iterator[tuple[str, str, str]]:
    """What a rule names, subresources left out; nothing with a wildcard for group or version."""
    groups: list[str] = rule.get("apiGroups") or []
    versions: list[str] = rule.get("apiVersions") or []
    if any("*" in name for name in (*groups, *versions)):
        return
    resources = [name for name in rule.get("resources") or () if not set(name) & {"*", "/"}]
    for group in sorted(groups):
        for version in sorted(versions):
            for resource in sorted(resources):
                yield group, version, resource


def _expressions(spec: JSONObject) -> Iterator[tuple[str, str]]:
    for i, validation in enumerate(spec.get("validations") or ()):
        yield f"spec.validations[{i}].expression", validation.get("expression") or ""
        if validation.get("messageExpression"):
            yield f"spec.validations[{i}].messageExpression", validation["messageExpression"]


def _environment(spec: JSONObject, kind: Type, lookup: KindLookup) -> Environment:
    """The variables of a policy for objects of one kind, those of its own included."""
    declared = {
        "object": kind,
        "oldObject": kind,
        "request": request_type(),
        "namespaceObject": namespace_type(),
        **authorizer_types(),
    }
    params = _params_type(spec, lookup)
    if params is not None:
        declared["params"] = params
    variables: dict[str, tuple[str, Type]] = {}
    for variable in spec.get("variables") or ():
        declared["variables"] = object_type("kubernetes.variables", dict(variables))
        name = variable.get("name") or ""
        variables[name] = (name, _type(Environment(declared), variable.get("expression") or ""))
    declared["variables"] = object_type("kubernetes.variables", variables)
    return Environment(declared)


def _params_type(spec: JSONObject, lookup: KindLookup) -> Type | None:
    param_kind = spec.get("paramKind")
    if param_kind is None:
        return None
    group, version = GroupVersion.parse(param_kind.get("apiVersion") or "")
    return lookup.type_of(GroupVersionKind(group, version, param_kind.get("kind") or ""))


def _type(environment: Environment, expression: str) -> Type:
    """The type of a variable; what has an error, or is an object, may be anything."""
    try:
        return _weakened(environment.compile(expression).type)
    except CompileError:
        return DYN


def _weakened(kind: Type) -> Type:
    if kind.name in {"list", "map"}:
        return Type(kind.name, tuple(map(_weakened, kind.params)))
    return DYN if kind.params or kind.fields is not None or "." in kind.name else kind


def _problem(environment: Environment, expression: str) -> str:
    try:
        environment.compile(expression)
    except CompileError as error:
        return str(error)
    return ""
