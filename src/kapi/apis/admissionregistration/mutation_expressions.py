"""Type checking of the expressions of MutatingAdmissionPolicies.

Implements what "Mutating Admission Policy" says of expressions: match conditions see no variables,
variables see those before them, and only mutations can make objects and JSON patches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apis.admissionregistration.policy_expressions import check_expression

if TYPE_CHECKING:
    from kapi.apimachinery.field import ErrorList
    from kapi.apimachinery.types import JSONObject
    from kapi.cel.types import Type

__all__ = ["MutatingExpressions"]


class MutatingExpressions:
    """The expressions of one policy; its variables are checked before its mutations."""

    def __init__(self, spec: JSONObject) -> None:
        self._spec = spec
        self._params = spec.get("paramKind") is not None
        self._variables: dict[str, Type] = {}

    def check_conditions(self, errors: ErrorList) -> None:
        """Each must be a boolean."""
        from kapi.cel.admission import admission_environment  # noqa: PLC0415 - loads CEL

        environment = admission_environment(params=self._params)
        for i, condition in enumerate(self._spec.get("matchConditions") or ()):
            path = f"spec.matchConditions[{i}].expression"
            text = (condition.get("expression") or "").strip()
            check_expression(environment, text, ("bool",), path, errors)

    def check_variables(self, errors: ErrorList) -> None:
        """They may be anything."""
        from kapi.cel.admission import admission_environment  # noqa: PLC0415 - loads CEL

        for i, variable in enumerate(self._spec.get("variables") or ()):
            environment = admission_environment(self._variables, params=self._params)
            path = f"spec.variables[{i}].expression"
            kind = check_expression(environment, variable.get("expression"), (), path, errors)
            if kind is not None:
                self._variables[variable.get("name", "")] = kind

    def check_mutation(self, patch_type: str, text: str, path: str, errors: ErrorList) -> None:
        """An ``Object`` for ApplyConfiguration, a list of ``JSONPatch`` for JSONPatch."""
        from kapi.cel.admission import admission_environment  # noqa: PLC0415 - loads CEL
        from kapi.cel.patches import JSON_PATCHES, OBJECT  # noqa: PLC0415 - loads CEL

        known = self._variables if self._spec.get("variables") else None
        environment = admission_environment(known, params=self._params, patches=True)
        wanted = JSON_PATCHES if patch_type == "JSONPatch" else OBJECT
        check_expression(environment, text, (str(wanted),), path, errors)
