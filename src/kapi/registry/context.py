"""RequestContext: what a rule may know about the request that it judges."""

from __future__ import annotations

from dataclasses import dataclass, field

from kapi.apimachinery.user import UserInfo

__all__ = ["RequestContext", "UserInfo"]


@dataclass(slots=True)
class RequestContext:
    """One request as strategies and admission plugins see it.

    ``now`` is RFC 3339 text in whole seconds, ``now_micro`` with six digits. ``minor`` is the
    Kubernetes minor version served (36 for 1.36), ``version`` the API version of the request
    (``v1``). ``warnings`` collects texts for Warning headers. ``operation`` is CREATE, UPDATE,
    DELETE or CONNECT; ``subresource`` is empty on the main resource.
    """

    user: UserInfo
    namespace: str
    name: str
    now: str
    now_micro: str
    minor: int
    version: str = ""
    operation: str = ""
    subresource: str = ""
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Add one Warning header to the answer."""
        if text not in self.warnings:
            self.warnings.append(text)
