"""Which rules somebody gives away without having them."""

from __future__ import annotations

import pytest

from kapi.apimachinery.user import UserInfo
from kapi.authorization.escalation import (
    FULL_AUTHORITY,
    escalation_message,
    missing_rules,
    uncovered_rules,
)


def _rule(verbs, resources, groups=("",), names=()):
    rule = {"verbs": [*verbs], "apiGroups": [*groups], "resources": [*resources]}
    return {**rule, "resourceNames": [*names]} if names else rule


def _urls(verbs, urls):
    return {"verbs": [*verbs], "nonResourceURLs": [*urls]}


_GET_PODS = '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'


@pytest.mark.parametrize(
    ("held", "given", "missing"),
    [
        ([], _rule(["get"], ["pods"]), [_GET_PODS]),
        ([_rule(["get", "list"], ["pods"])], _rule(["get"], ["pods"]), []),
        ([_rule(["*"], ["*"], ["*"])], _rule(["*"], ["pods/log"], ["x"]), []),
        ([_rule(["get"], ["pods"])], _rule(["*"], ["pods"]), [_GET_PODS.replace("get", "*")]),
        ([_rule(["get"], ["pods"], ["apps"])], _rule(["get"], ["pods"]), [_GET_PODS]),
        ([_rule(["get"], ["*/scale"])], _rule(["get"], ["deployments/scale"]), []),
        ([_rule(["get"], ["pods/log"])], _rule(["get"], ["pods"]), [_GET_PODS]),
        ([_rule(["get"], ["pods"], names=["a"])], _rule(["get"], ["pods"]), [_GET_PODS]),
        ([_rule(["get"], ["pods"])], _rule(["get"], ["pods"], names=["a"]), []),
        (
            [_rule(["get"], ["pods"], names=["a"])],
            _rule(["get"], ["pods"], names=["a", "b"]),
            ['{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}'],
        ),
        ([_urls(["get"], ["/metrics/*"])], _urls(["get"], ["/metrics/a", "/metrics/*"]), []),
        (
            [_urls(["get"], ["/a"])],
            _urls(["get", "post"], ["/a", "/b"]),
            [
                '{NonResourceURLs:["/a"], Verbs:["post"]}',
                '{NonResourceURLs:["/b"], Verbs:["get"]}',
                '{NonResourceURLs:["/b"], Verbs:["post"]}',
            ],
        ),
    ],
)
def test_missing_rules(held, given, missing):
    """Each part of a rule is covered by some held rule, or told."""
    assert missing_rules(held, [given]) == missing


def test_missing_rules_are_told_by_resource():
    """A line names one group and one resource with all its verbs; lines are sorted."""
    given = [_rule(["list", "get"], ["secrets", "pods"]), _rule(["watch"], ["pods"])]
    assert missing_rules([_rule(["watch"], ["secrets"])], given) == [
        '{APIGroups:[""], Resources:["pods"], Verbs:["list" "get" "watch"]}',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["list" "get"]}',
    ]


def test_full_authority():
    """Only who may do everything on everything has full authority."""
    assert missing_rules([_rule(["*"], ["*"], ["*"]), _urls(["*"], ["*"])], FULL_AUTHORITY) == []
    assert len(missing_rules([_rule(["*"], ["*"], ["*"])], FULL_AUTHORITY)) == 1


def test_message():
    """It names the user, the groups, the rules, and what could not be found out."""
    user = UserInfo("ann", groups=("dev", "system:authenticated"))
    text = escalation_message(user, ["{a}", "{b}"], [])
    assert text == (
        'user "ann" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC '
        "permissions not currently held:\n{a}\n{b}"
    )
    assert escalation_message(user, ["{a}"], ["x", "y"]).endswith("{a}; resolution errors: [x, y]")


def test_uncovered_rules():
    """Rules are added whole when a part of them is missing."""
    pods, secrets = _rule(["get"], ["pods"]), _rule(["get"], ["secrets"])
    assert uncovered_rules([_rule(["*"], ["pods"])], [pods, secrets]) == [secrets]
