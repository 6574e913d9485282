"""Authorizers that look at nothing, and several of them together."""

from __future__ import annotations

import pytest

from kapi.apimachinery.user import UserInfo
from kapi.authorization.always import AlwaysAllow, AlwaysDeny
from kapi.authorization.attributes import AuthorizationAttributes
from kapi.authorization.authorizer import Decision, SubjectRules
from kapi.authorization.modes import authorizer_for
from kapi.authorization.privileged import PrivilegedGroup
from kapi.authorization.resource_access import resource_access
from kapi.authorization.union import Union

_ANN = UserInfo("ann", groups=("system:authenticated",))
_MASTER = UserInfo("admin", groups=("system:masters",))
_NOBODY = UserInfo("system:anonymous", groups=("system:unauthenticated",))


class _Fixed:
    """Always the same answer."""

    def __init__(self, decision, rules=None):
        self._decision = decision
        self._rules = rules or SubjectRules()

    def authorize(self, attributes):
        return self._decision

    def rules(self, user, namespace):
        return self._rules


def _get(user, path=""):
    return AuthorizationAttributes(user, "get", not path, "", "v1", "ns", "pods", path=path)


class _NoRoles:
    """Nobody has any role."""

    def role(self, namespace, name):
        return None

    def cluster_role(self, name):
        return None

    def role_bindings(self, namespace):
        return []

    def cluster_role_bindings(self):
        return []


@pytest.mark.parametrize(
    ("modes", "allowed"),
    [
        (["Node", "RBAC"], False),
        (["RBAC", "AlwaysAllow"], True),
        (["AlwaysDeny"], False),
        (["RBAC", "AlwaysDeny"], False),
    ],
)
def test_modes(modes, allowed):
    """The authorizer of --authorization-mode; the privileged group may do everything in each."""
    authorizer = authorizer_for(modes, _NoRoles(), _Fixed(Decision(allowed=False)))
    assert authorizer.authorize(_get(_ANN)).allowed is allowed
    assert authorizer.authorize(_get(_MASTER)).allowed


def test_the_mode_node():
    """The authorizer of nodes is asked in the mode Node only."""
    nodes = _Fixed(Decision(allowed=True))
    assert authorizer_for(["Node"], _NoRoles(), nodes).authorize(_get(_ANN)).allowed
    assert not authorizer_for(["RBAC"], _NoRoles(), nodes).authorize(_get(_ANN)).allowed


def test_always():
    """Both modes look at nothing but the privileged group, and let everybody ask for health."""
    assert AlwaysAllow().authorize(_get(_NOBODY)).allowed
    decision = AlwaysDeny().authorize(_get(_ANN))
    assert (decision.allowed, decision.reason) == (False, "Everything is forbidden.")
    assert AlwaysDeny().authorize(_get(_MASTER)).allowed
    assert AlwaysDeny().authorize(_get(_NOBODY, "/livez/")).allowed
    assert AlwaysDeny().rules(_ANN, "ns").resource_rules == []


def test_the_privileged_group():
    """Its members are allowed everything without a reason; others are left to others."""
    assert PrivilegedGroup().authorize(_get(_MASTER)) == Decision(allowed=True)
    assert PrivilegedGroup().authorize(_get(_ANN)) == Decision(allowed=False)


def test_the_first_opinion_counts():
    """Who has no opinion is passed over; what all said is told when nobody has one."""
    silent = _Fixed(Decision(allowed=False, reason="a", error="x"))
    other = _Fixed(Decision(allowed=False, reason="b", error="y"))
    allows, denies = _Fixed(Decision(allowed=True)), _Fixed(Decision(allowed=False, denied=True))
    assert Union([silent, allows, denies]).authorize(_get(_ANN)) == Decision(allowed=True)
    assert Union([silent, denies, allows]).authorize(_get(_ANN)).denied
    decision = Union([silent, other, silent]).authorize(_get(_ANN))
    assert (decision.allowed, decision.reason, decision.error) == (False, "a\nb\na", "[x, y]")
    assert Union([silent]).authorize(_get(_ANN)).error == "x"


def test_the_rules_of_several():
    """Rules are joined; they are not complete where one authorizer cannot tell."""
    one = _Fixed(None, SubjectRules([{"verbs": ["get"]}], [], incomplete=True, error="x"))
    two = _Fixed(None, SubjectRules([{"verbs": ["list"]}], [{"verbs": ["get"]}]))
    rules = Union([one, two]).rules(_ANN, "ns")
    assert rules.resource_rules == [{"verbs": ["get"]}, {"verbs": ["list"]}]
    assert rules.non_resource_rules == [{"verbs": ["get"]}]
    assert (rules.incomplete, rules.error) == (True, "x")


def test_the_question_of_admission_plugins():
    """A plugin asks about a cluster-scoped object by verb, group, resource and name."""
    may = resource_access(AlwaysDeny())
    assert may(_MASTER, "bind", "g", "things", "x")
    assert not may(_ANN, "bind", "g", "things", "x")
