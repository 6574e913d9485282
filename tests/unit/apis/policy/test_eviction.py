"""Eviction decisions against disruption budgets."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.errors import Forbidden, StatusError, TooManyRequests
from kapi.apis.policy.eviction import Eviction, evict

NOW = "2026-03-04T05:06:07Z"


def pod(phase="Running", *, ready=True):
    """A pod of the application x."""
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {
        "metadata": {"name": "p", "labels": {"app": "x"}},
        "status": {"phase": phase, "conditions": [condition]},
    }


def budget(name="b", *, policy=None, generation=1, **status):
    """A budget for the application x whose status was computed."""
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}
    if policy:
        spec["unhealthyPodEvictionPolicy"] = policy
    counts = {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1}
    return {
        "metadata": {"name": name, "generation": generation},
        "spec": spec,
        "status": {"observedGeneration": 1, **counts, **status},
    }


def test_a_pod_without_budget_may_go():
    """Budgets for other pods do not matter; an empty selector selects every pod."""
    other = budget()
    other["spec"]["selector"] = {"matchLabels": {"app": "y"}}
    assert evict(pod(), [other], NOW) == Eviction()
    other["spec"]["selector"] = {}
    with pytest.raises(TooManyRequests):
        evict(pod(), [other], NOW)


@pytest.mark.parametrize("phase", ["Pending", "Succeeded", "Failed"])
def test_a_pod_that_runs_nothing_may_go(phase):
    """But only in the version that was judged."""
    assert evict(pod(phase), [budget()], NOW) == Eviction(same_version=True)


def test_a_granted_eviction_is_taken_from_the_budget():
    """The last one sets the condition; the stored budget is not changed."""
    stored = budget(disruptionsAllowed=1)
    before = copy.deepcopy(stored)
    decision = evict(pod(), [stored], NOW)
    assert stored == before
    assert decision.budget is not None
    status = decision.budget["status"]
    assert status["disruptionsAllowed"] == 0
    assert status["disruptedPods"] == {"p": NOW}
    assert status["conditions"] == [
        {
            "type": "DisruptionAllowed",
            "status": "False",
            "observedGeneration": 1,
            "lastTransitionTime": NOW,
            "reason": "InsufficientPods",
            "message": "",
        }
    ]


def test_a_budget_that_is_left_over_keeps_its_conditions():
    """Two of three evictions remain allowed."""
    decision = evict(pod(), [budget(disruptionsAllowed=3)], NOW)
    assert decision.budget is not None
    assert decision.budget["status"]["disruptionsAllowed"] == 2
    assert "conditions" not in decision.budget["status"]


def test_an_empty_budget_refuses():
    """The answer tells how many pods are healthy and how many must be."""
    with pytest.raises(TooManyRequests) as caught:
        evict(pod(), [budget()], NOW)
    assert caught.value.message == (
        "Cannot evict pod as it would violate the pod's disruption budget."
    )
    assert caught.value.details == {
        "causes": [
            {
                "reason": "DisruptionBudget",
                "message": "The disruption budget b needs 1 healthy pods and has 1 currently",
            }
        ]
    }
    assert caught.value.headers == {}


def test_a_budget_that_is_not_computed_yet_refuses_for_some_seconds():
    """A client may try again."""
    with pytest.raises(TooManyRequests) as caught:
        evict(pod(), [budget(generation=2, disruptionsAllowed=1)], NOW)
    assert caught.value.details is not None
    assert caught.value.details["retryAfterSeconds"] == 10
    assert caught.value.headers == {"Retry-After": "10"}


def test_a_budget_that_failed_to_sync_says_why():
    """The controller's message is handed on."""
    failed = {
        "type": "DisruptionAllowed",
        "status": "False",
        "reason": "SyncFailed",
        "message": "no scale",
    }
    with pytest.raises(TooManyRequests) as caught:
        evict(pod(), [budget(conditions=[failed])], NOW)
    assert caught.value.details is not None
    assert caught.value.details["causes"][0]["message"].endswith("failed sync: no scale")


def test_unhealthy_pods_go_by_policy_or_while_others_are_healthy():
    """They do not count as available, so the budget stays as it is."""
    sick = pod(ready=False)
    gone = Eviction(same_version=True)
    assert evict(sick, [budget(policy="AlwaysAllow", currentHealthy=0)], NOW) == gone
    assert evict(sick, [budget()], NOW) == gone
    with pytest.raises(TooManyRequests):
        evict(sick, [budget(policy="IfHealthyBudget", currentHealthy=0)], NOW)


def test_two_budgets_are_not_supported():
    """The server cannot spend two budgets at once."""
    with pytest.raises(StatusError) as caught:
        evict(pod(), [budget("b"), budget("c")], NOW)
    assert caught.value.code == 500
    assert caught.value.details is None


def test_a_broken_status_forbids():
    """Too many evictions that nobody confirmed stop further ones."""
    many = {str(number): NOW for number in range(2001)}
    with pytest.raises(Forbidden):
        evict(pod(), [budget(disruptionsAllowed=1, disruptedPods=many)], NOW)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (None, "evicting pods currently"),
        ({"status": "True", "message": "m"}, "evicting pods currently"),
        ({"status": "False", "reason": "R", "message": "m"}, "evicting pods currently (R): m"),
    ],
)
def test_a_budget_that_refuses_although_enough_pods_are_healthy(condition, told):
    """The counts explain nothing then; the condition may."""
    conditions = [{"type": "DisruptionAllowed", **condition}] if condition else []
    with pytest.raises(TooManyRequests) as caught:
        evict(pod(), [budget(conditions=conditions, desiredHealthy=0)], NOW)
    assert caught.value.details is not None
    assert caught.value.details["causes"][0]["message"].endswith(told)
