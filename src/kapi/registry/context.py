"""RequestContext: what a rule may know about the request that it judges."""

from __future__ import annotations

from dataclasses import dataclass, field

from kapi.apimachinery.user import UserInfo
from kapi.util.clock import format_micro_time, format_time

__all__ = ["RequestContext", "UserInfo"]


@dataclass(slots=True)
class RequestContext:
    """One request as strategies and admission plugins see it.

    ``now_seconds`` is the time of the request as Unix seconds, ``now`` the same as RFC 3339 text
    in whole seconds, ``now_micro`` with six digits. ``minor`` is the Kubernetes minor version
    served (36 for 1.36), ``version`` the API version of the request (``v1``). ``warnings``
    collects texts for Warning headers, ``audit_annotations`` what admission notes for an audit,
    None for nothing. ``admitted`` says that the request itself was admitted: what follows are
    steps of the server's own, which nobody outside is asked about. ``operation`` is CREATE,
    UPDATE, DELETE or CONNECT; ``subresource`` is empty on the main resource. ``path_name`` is the
    name in the request's path: objects that are posted have a ``name``, and none there.
    """

    user: UserInfo
    namespace: str
    name: str
    now_seconds: float
    minor: int
    version: str = ""
    operation: str = ""
    subresource: str = ""
    path_name: str = ""
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    audit_annotations: dict[str, str] | None = None
    admitted: bool = False

    @property
    def now(self) -> str:
        """The time of the request as ``metav1.Time``."""
        return format_time(self.now_seconds)

    @property
    def now_micro(self) -> str:
        """The time of the request as ``metav1.MicroTime``."""
        return format_micro_time(self.now_seconds)

    def warn(self, text: str) -> None:
        """Add one Warning header to the answer, unless it says nothing, or nothing new."""
        if text and text not in self.warnings:
            self.warnings.append(text)

    def annotate(self, key: str, text: str) -> None:
        """Note something about the request for whoever audits it; the first note of a key stays."""
        if self.audit_annotations is None:
            self.audit_annotations = {}
        self.audit_annotations.setdefault(key, text)
