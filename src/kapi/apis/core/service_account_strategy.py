"""ServiceAccount: strategy and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kapi.registry.duration import age
from kapi.registry.rules import Columns
from kapi.registry.standard_columns import AGE, NAME
from kapi.registry.strategy import Strategy

if TYPE_CHECKING:
    from kapi.apimachinery.types import JSONObject, JSONValue
    from kapi.registry.context import RequestContext

__all__ = ["SERVICE_ACCOUNT_COLUMNS", "ServiceAccountStrategy"]

_MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets"
_MOUNTABLE_SECRETS_WARNING = (
    f"metadata.annotations[{_MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces"
    " to isolate access to mounted secrets"
)


def _has_annotation(obj: JSONObject) -> bool:
    return _MOUNTABLE_SECRETS in (obj["metadata"].get("annotations") or ())


class ServiceAccountStrategy(Strategy):
    """Service accounts: metadata is all that is checked."""

    delete_returns_object: ClassVar[bool] = True

    def prepare_for_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Secrets are those of the account's own namespace: only their names are kept."""
        if obj.get("secrets"):
            obj["secrets"] = [
                {"name": secret["name"]} if secret.get("name") else {} for secret in obj["secrets"]
            ]

    def prepare_for_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """As at creation."""
        self.prepare_for_create(context, obj)

    def warnings_on_create(self, context: RequestContext, obj: JSONObject) -> None:
        """Warn about the annotation that restricted mountable secrets."""
        if context.minor >= 32 and _has_annotation(obj):
            context.warn(_MOUNTABLE_SECRETS_WARNING)

    def warnings_on_update(self, context: RequestContext, obj: JSONObject, old: JSONObject) -> None:
        """Warn when the annotation is new."""
        if not _has_annotation(old):
            self.warnings_on_create(context, obj)


def _cells(obj: JSONObject, now: float) -> list[JSONValue]:
    metadata = obj["metadata"]
    return [metadata.get("name", ""), age(metadata.get("creationTimestamp"), now)]


SERVICE_ACCOUNT_COLUMNS = Columns(
    (
        NAME,
        AGE,
    ),
    _cells,
)
