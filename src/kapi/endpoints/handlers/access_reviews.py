"""POST on the access reviews: whether somebody may do something, by the authorizer in force.

Implements "Checking API access" of the authorization documentation: SubjectAccessReview,
SelfSubjectAccessReview, LocalSubjectAccessReview and SelfSubjectRulesReview.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kapi.apimachinery import fields, labels
from kapi.apimachinery.errors import BadRequest
from kapi.apimachinery.user import UserInfo
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.authorization.authorizer import decide
from kapi.endpoints.handlers.reviews import answer_review

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request, Response
    from kapi.registry.catalogue import Resource

__all__ = ["review_access", "review_own_access", "review_own_rules"]

_SIGNS = {"In": "=", "NotIn": "!="}
_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


async def review_access(api: API, request: Request, resource: Resource) -> Response:
    """Answer a SubjectAccessReview, or a LocalSubjectAccessReview."""

    async def answer(review: JSONObject) -> JSONObject:
        spec = review["spec"]
        extra = {key: list(values or ()) for key, values in (spec.get("extra") or {}).items()}
        user = UserInfo(
            spec.get("user") or "", spec.get("uid") or "", tuple(spec.get("groups") or ()), extra
        )
        return await _answered(api, review, user)

    return await answer_review(api, request, resource, answer)


async def review_own_access(api: API, request: Request, resource: Resource) -> Response:
    """Answer a SelfSubjectAccessReview."""

    async def answer(review: JSONObject) -> JSONObject:
        return await _answered(api, review, request.user)

    return await answer_review(api, request, resource, answer)


async def review_own_rules(api: API, request: Request, resource: Resource) -> Response:
    """Answer a SelfSubjectRulesReview."""

    async def answer(review: JSONObject) -> JSONObject:
        namespace = (review.get("spec") or {}).get("namespace") or ""
        if not namespace:
            raise BadRequest("no namespace on request")
        rules = api.authorizer.rules(request.user, namespace)
        status: JSONObject = {
            "resourceRules": rules.resource_rules,
            "nonResourceRules": rules.non_resource_rules,
            "incomplete": rules.incomplete,
        }
        if rules.error:
            status["evaluationError"] = rules.error
        metadata: JSONObject = {}
        return {
            "kind": resource.kind,
            "apiVersion": resource.api_version,
            "metadata": metadata,
            "spec": {},
            "status": status,
        }

    return await answer_review(api, request, resource, answer, managed=False)


async def _answered(api: API, review: JSONObject, user: UserInfo) -> JSONObject:
    spec = review["spec"]
    decision = await decide(api.authorizer, _attributes(spec, user))
    status: JSONObject = {"allowed": decision.allowed}
    if decision.denied:
        status["denied"] = True
    if decision.reason:
        status["reason"] = decision.reason
    errors = [*_ignored_selectors(spec)]
    if decision.error:
        errors.append(decision.error)
    if errors:
        status["evaluationError"] = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
    review["status"] = status
    return review


def _attributes(spec: JSONObject, user: UserInfo) -> AuthorizationAttributes:
    asked = spec.get("resourceAttributes")
    if asked is None:
        asked = spec["nonResourceAttributes"]
        verb, path = asked.get("verb") or "", asked.get("path") or ""
        return AuthorizationAttributes(user, verb, is_resource=False, path=path)
    # "pods/log" and a subresource of its own mean the same.
    resource, _, subresource = (asked.get("resource") or "").partition("/")
    return AuthorizationAttributes(
        user,
        asked.get("verb") or "",
        True,
        asked.get("group") or "",
        asked.get("version") or "",
        asked.get("namespace") or "",
        resource,
        asked.get("subresource") or subresource,
        asked.get("name") or "",
        field_selector=_selector_text(asked.get("fieldSelector")),
    )


def _selector_text(selector: JSONObject | None) -> str:
    """A field selector of a review as text; what narrows nothing for sure is left out."""
    if not selector:
        return ""
    terms = []
    for requirement in selector.get("requirements") or ():
        sign = _SIGNS.get(requirement.get("operator"))
        values: list[str] = requirement.get("values") or []
        if sign and len(values) == 1:
            terms.append(fields.Term(requirement.get("key") or "", values[0], sign == "!="))
    return selector.get("rawSelector") or ",".join(map(str, terms))


def _ignored_selectors(spec: JSONObject) -> list[str]:
    """What is said about selectors that cannot be read: they do not narrow the question."""
    asked = spec.get("resourceAttributes") or {}
    found: list[str] = []
    for member, parse in (("fieldSelector", fields.parse), ("labelSelector", labels.parse)):
        selector = asked.get(member)
        if not selector:
            continue
        path = f"spec.resourceAttributes.{member}"
        known = all(
            requirement.get("operator") in _OPERATORS
            for requirement in selector.get("requirements") or ()
        )
        try:
            parse(selector.get("rawSelector") or "")
        except ValueError:
            known = False
        if not known:
            found.append(f"{path} ignored due to parse error")
    return found
