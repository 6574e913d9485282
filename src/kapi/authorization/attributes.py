"""AuthorizationAttributes: what is asked of an authorizer.

Implements "Request verbs and authorization" of the authorization documentation: the attributes of
requests for resources and of those for other paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapi.apimachinery.user import UserInfo

__all__ = ["AuthorizationAttributes"]


@dataclass(slots=True)
class AuthorizationAttributes:
    """What somebody wants to do. ``path`` alone says what for requests that name no resource.

    ``field_selector`` and ``label_selector`` are texts that narrow what is asked for, empty where
    nothing does. Authorizers ignore one that they cannot read.
    """

    user: UserInfo
    verb: str
    is_resource: bool = True
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""
    field_selector: str = ""
    label_selector: str = ""
