"""POST on ``serviceaccounts/token``: issue a token (TokenRequest)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapi.apimachinery.errors import BadRequest, Conflict, Invalid, NotFound
from kapi.apimachinery.field import ErrorList
from kapi.apimachinery.managedfields import FieldManager
from kapi.apimachinery.types import GroupResource, GroupVersion, GroupVersionKind
from kapi.apis.authentication.defaults import default_token_request
from kapi.apis.authentication.validation import validate_token_request
from kapi.authentication.service_account_claims import BoundObject, Lifetime, ServiceAccountClaims
from kapi.endpoints.handlers.create import read_object
from kapi.endpoints.options import field_manager, write_options
from kapi.endpoints.request import Response
from kapi.endpoints.writer import encode
from kapi.registry.admission import Attributes
from kapi.registry.before_create import match_namespace
from kapi.registry.catalogue import Resource
from kapi.registry.codec import TypeCodec
from kapi.registry.rules import KindRules
from kapi.util.clock import format_time

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject
    from kapi.authentication.service_account import TokenIssuer
    from kapi.endpoints.api import API
    from kapi.endpoints.request import Request
    from kapi.registry.context import RequestContext

__all__ = ["TokenRequests"]

_KIND = GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest")
# The lifetime that kubelets ask for; longer lives keep clients working that never read the
# token again, and a warning tells about them.
_WARN_ONLY_SECONDS = 3607
_EXTENDED_SECONDS = 365 * 24 * 60 * 60
# What a token may be bound to, by kind: resource, and whether it is namespaced.
_BINDABLE = {"Pod": ("pods", True), "Secret": ("secrets", True), "Node": ("nodes", False)}


@dataclass(frozen=True, slots=True)
class _Bound:
    pod: BoundObject | None = None
    secret: BoundObject | None = None
    node: BoundObject | None = None


class TokenRequests:
    """Issues the tokens of one server.

    ``audiences`` are meant when a request names none. ``maximum_seconds`` 0 is no limit.
    """

    def __init__(
        self,
        issuer: TokenIssuer,
        audiences: tuple[str, ...],
        *,
        maximum_seconds: int = 0,
        extend: bool = True,
    ) -> None:
        self._issuer = issuer
        self._audiences = audiences
        self._maximum_seconds = maximum_seconds
        self._extend = extend
        self._kind: Resource | None = None

    async def handle(self, api: API, request: Request, resource: Resource) -> Response:
        """Answer the request with a token."""
        representation = api.negotiator.choose(request.headers.get(b"accept"))
        options = write_options(request, "CreateOptions")
        kind = self._token_request(api)
        obj, body = read_object(api, request, kind, options)
        context = api.context(request, "CREATE", dry_run=options.dry_run)
        match_namespace(resource, obj["metadata"], context.namespace)
        obj["metadata"].pop("managedFields", None)
        manager = FieldManager(kind.codec.typed(api.converter), _KIND, "token")
        manager.update(None, obj, field_manager(request, options), context.now, body=body)
        attributes = Attributes(context, resource, "CREATE", "token", obj, None, options.raw)
        await api.admission.mutate(attributes)
        account = await self._account(api, context, resource, obj)
        self._complete(context, obj, account)
        await api.admission.validate(attributes)
        bound = await self._bound(api, context, obj)
        self._limit(context, obj)
        self._answer(api, context, obj, account, bound)
        return Response(201, encode(obj, representation), representation.content_type)

    def _token_request(self, api: API) -> Resource:
        """TokenRequest as if it were a resource: what reading one needs to know."""
        if self._kind is None:
            kind_type = api.scheme.type(_KIND)
            assert kind_type is not None
            self._kind = Resource(
                group=_KIND.group,
                version=_KIND.version,
                resource="tokenrequests",
                kind=_KIND.kind,
                singular="",
                namespaced=True,
                verbs=("create",),
                short_names=(),
                categories=(),
                subresources={},
                type=kind_type,
                codec=TypeCodec(api.scheme, kind_type, _KIND, default_token_request),
                hub=_KIND,
                storage=GroupResource(_KIND.group, "tokenrequests"),
                rules=KindRules(),
            )
        return self._kind

    @staticmethod
    async def _account(
        api: API, context: RequestContext, resource: Resource, obj: JSONObject
    ) -> JSONObject:
        given = obj["metadata"].get("name", "")
        if given and given != context.name:
            errors = ErrorList()
            why = "must match the service account name if specified"
            errors.invalid("metadata.name", given, why)
            raise Invalid.kind(_KIND.group, _KIND.kind, context.name, errors)
        store = api.store(resource)
        return store.load(await store.entry(resource, context.namespace, context.name))

    def _complete(self, context: RequestContext, obj: JSONObject, account: JSONObject) -> None:
        """Fill in what was not asked for, and judge what was; raises Invalid."""
        meta, owner = obj["metadata"], account["metadata"]
        meta["name"], meta["namespace"] = owner["name"], owner["namespace"]
        meta["uid"] = owner["uid"]
        meta["creationTimestamp"] = context.now
        spec = obj["spec"]
        if not spec.get("audiences"):
            spec["audiences"] = list(self._audiences)
        spec.setdefault("boundObjectRef", None)
        errors = ErrorList()
        validate_token_request(obj, errors)
        if errors:
            raise Invalid.kind(_KIND.group, _KIND.kind, "", errors)

    async def _bound(self, api: API, context: RequestContext, obj: JSONObject) -> _Bound:
        """What the token is to be bound to; NotFound, Conflict or BadRequest when it cannot."""
        reference = obj["spec"]["boundObjectRef"]
        if reference is None:
            return _Bound()
        group, version = GroupVersion.parse(reference.get("apiVersion") or "")
        kind, name = reference.get("kind") or "", reference.get("name") or ""
        if group or kind not in _BINDABLE:
            raise BadRequest(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
        if not name:
            raise BadRequest("Name parameter required.")
        resource, namespaced = _BINDABLE[kind]
        found = await _find(api, resource, context.namespace if namespaced else "", name)
        if found is None:
            raise NotFound.resource("", resource, name)
        node: BoundObject | None = None
        if kind == "Pod":
            node = await self._node_of(api, context, found)
        uid = found["metadata"]["uid"]
        given = reference.get("uid") or ""
        if given and given != uid:
            raise Conflict.resource(
                "",
                kind,
                name,
                f"the UID in the bound object reference ({given}) does not match the UID in "
                "record. The object might have been deleted and then recreated",
            )
        bound = BoundObject(name, uid)
        if kind == "Pod":
            return _Bound(pod=bound, node=node)
        return _Bound(secret=bound) if kind == "Secret" else _Bound(node=bound)

    @staticmethod
    async def _node_of(api: API, context: RequestContext, pod: JSONObject) -> BoundObject | None:
        if pod["spec"].get("serviceAccountName", "") != context.name:
            raise BadRequest(
                f'cannot bind token for serviceaccount "{context.name}" to pod running with '
                "different serviceaccount name."
            )
        name = pod["spec"].get("nodeName") or ""
        if not name:
            return None
        node = await _find(api, "nodes", "", name)
        return BoundObject(name, node["metadata"]["uid"] if node is not None else "")

    def _limit(self, context: RequestContext, obj: JSONObject) -> None:
        spec, maximum = obj["spec"], self._maximum_seconds
        if 0 < maximum < spec["expirationSeconds"]:
            context.warn(
                f"requested expiration of {spec['expirationSeconds']} seconds shortened to "
                f"{maximum} seconds"
            )
            spec["expirationSeconds"] = maximum

    def _answer(
        self,
        api: API,
        context: RequestContext,
        obj: JSONObject,
        account: JSONObject,
        bound: _Bound,
    ) -> None:
        spec, meta = obj["spec"], account["metadata"]
        seconds = spec["expirationSeconds"]
        issued = int(context.now_seconds)
        lifetime = Lifetime(issued, issued + seconds)
        extended = (
            self._extend
            and bound.pod is not None
            and seconds == _WARN_ONLY_SECONDS
            and any(each in self._audiences for each in spec["audiences"])
        )
        if extended:
            lifetime = Lifetime(issued, issued + _EXTENDED_SECONDS, issued + seconds)
        token = self._issuer.issue(
            ServiceAccountClaims(
                meta["namespace"],
                BoundObject(meta["name"], meta["uid"]),
                tuple(spec["audiences"]),
                lifetime,
                token_id=api.ids.uid(),
                pod=bound.pod,
                secret=bound.secret,
                node=bound.node,
            )
        )
        obj["status"] = {"token": token, "expirationTimestamp": format_time(issued + seconds)}


async def _find(api: API, resource: str, namespace: str, name: str) -> JSONObject | None:
    store = api.stores.get(GroupResource("", resource))
    if store is None:
        return None
    entry = await store.find(store.key(namespace, name))
    return None if entry is None else store.load(entry)
