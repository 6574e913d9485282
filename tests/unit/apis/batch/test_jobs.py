"""Job: defaults, generated selector, policies, what may change."""

from __future__ import annotations

import copy

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.batch.columns import JOB
from kapi.apis.batch.defaults import default_job
from kapi.apis.batch.strategy import JobStrategy
from kapi.registry.context import RequestContext, UserInfo

CONTEXT = RequestContext(UserInfo("admin"), "ns", "import", 1_772_600_767.0, 36)
RULES = JobStrategy()
GENERATED = {
    "batch.kubernetes.io/controller-uid": "u-1",
    "batch.kubernetes.io/job-name": "import",
    "controller-uid": "u-1",
    "job-name": "import",
}


def job(*, labels=None, template_labels=None, **spec):
    """A job as it is after creation."""
    meta = {"name": "import", "namespace": "ns", "uid": "u-1"}
    if labels:
        meta["labels"] = labels
    obj = {
        "metadata": meta,
        "spec": {
            "template": {
                "metadata": {"labels": template_labels} if template_labels else {},
                "spec": {
                    "containers": [{"name": "app", "image": "i:1"}],
                    "restartPolicy": "Never",
                },
            },
            **spec,
        },
    }
    default_job(obj)
    RULES.prepare_for_create(CONTEXT, obj)
    return obj


def problems(obj, old=None):
    """What the strategy finds wrong."""
    errors = ErrorList()
    if old is None:
        RULES.validate(CONTEXT, obj, errors)
    else:
        RULES.validate_update(CONTEXT, obj, old, errors)
    return [str(error) for error in errors]


def test_the_selector_is_generated_from_the_uid():
    """Pods are labelled with name and uid of their job, a job without labels as well."""
    obj = job()
    assert problems(obj) == []
    RULES.canonicalize(obj)
    assert obj["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}}
    assert obj["spec"]["template"]["metadata"]["labels"] == GENERATED
    assert obj["metadata"]["labels"] == GENERATED


def test_a_job_without_labels_has_those_of_its_template():
    """The generated ones are among them."""
    obj = job(template_labels={"a": "b"})
    RULES.canonicalize(obj)
    assert obj["metadata"]["labels"] == {**GENERATED, "a": "b"}


def test_a_job_with_labels_keeps_its_own():
    """Not even the generated ones are added."""
    obj = job(labels={"own": "1"}, template_labels={"a": "b"})
    RULES.canonicalize(obj)
    assert obj["metadata"]["labels"] == {"own": "1"}


def test_a_selector_of_the_client_is_refused_unless_it_is_manual():
    """Selecting by more than the uid could select pods of others."""
    obj = job(selector={"matchLabels": {"a": "b"}})
    assert problems(obj)[0] == (
        'spec.selector: Invalid value: {"matchLabels":{"a":"b",'
        '"batch.kubernetes.io/controller-uid":"u-1"}}: `selector` not auto-generated'
    )
    manual = job(
        manualSelector=True, selector={"matchLabels": {"a": "b"}}, template_labels={"a": "b"}
    )
    assert problems(manual) == []
    assert manual["spec"]["selector"] == {"matchLabels": {"a": "b"}}


def test_completions_default_only_with_parallelism():
    """A work queue gives its parallelism and leaves the completions open."""
    assert "completions" not in job(parallelism=3)["spec"]
    spec = job()["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)
    per_index = job(completionMode="Indexed", completions=2, backoffLimitPerIndex=1)["spec"]
    assert per_index["backoffLimit"] == 2_147_483_647


def test_pods_of_a_job_end():
    """Restarting always, which is also the default of pods, is no choice."""
    obj = job()
    obj["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    assert problems(obj) == [
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    ]


def test_a_failure_policy_is_checked_rule_by_rule():
    """Exit codes are unique, ordered and not zero; the pods must not restart."""
    rules = [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [0, 3, 1, 1]}}]
    obj = job(podFailurePolicy={"rules": rules})
    obj["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    path = "spec.podFailurePolicy.rules[0].onExitCodes.values"
    assert problems(obj) == [
        f"{path}[0]: Invalid value: 0: must not be 0 for the In operator",
        f"{path}[3]: Duplicate value: 1",
        f"{path}: Invalid value: [0,3,1,1]: must be ordered",
        (
            'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is '
            "supported when podFailurePolicy is specified"
        ),
    ]


def test_a_success_policy_counts_within_its_indexes():
    """No more indexes can be asked to succeed than there are."""
    rules = [{"succeededIndexes": "0,2-3", "succeededCount": 4}, {"succeededIndexes": "3-1"}]
    obj = job(completionMode="Indexed", completions=5, successPolicy={"rules": rules})
    path = "spec.successPolicy.rules"
    assert problems(obj) == [
        (
            f"{path}[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the "
            "number of indexes in the specified succeededIndexes field)"
        ),
        (
            f'{path}[1].succeededIndexes: Invalid value: "3-1": error parsing succeededIndexes: '
            "non-increasing order, previous: 3, current: 1"
        ),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"completions": 2}, "spec.completions: Invalid value: 2: field is immutable"),
        (
            {"completionMode": "Sometimes"},
            'spec.completionMode: Invalid value: "Sometimes": field is immutable',
        ),
        ({"managedBy": "a.b/c"}, 'spec.managedBy: Invalid value: "a.b/c": field is immutable'),
    ],
)
def test_most_of_a_job_stays(change, message):
    """What the job does is fixed once it was created."""
    old = job()
    new = copy.deepcopy(old)
    new["spec"].update(change)
    assert problems(new, old)[-1] == message


def test_an_indexed_job_grows_with_its_parallelism():
    """All indexes must run at once for their number to change."""
    old = job(completionMode="Indexed", completions=3, parallelism=2)
    new = copy.deepcopy(old)
    new["spec"].update(completions=5, parallelism=5)
    assert problems(new, old) == []
    new["spec"].update(completions=7)
    assert problems(new, old) == [
        "spec.completions: Invalid value: 7: can only be modified in tandem with spec.parallelism"
    ]


def test_a_suspended_job_can_be_moved():
    """Before it starts, where its pods run and what they get may still change."""
    old = job(suspend=True)
    new = copy.deepcopy(old)
    template = new["spec"]["template"]
    template["metadata"]["annotations"] = {"a": "b"}
    template["spec"]["nodeSelector"] = {"disk": "fast"}
    template["spec"]["affinity"] = {"nodeAffinity": {}}
    template["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    assert problems(new, old) == []
    template["spec"]["containers"][0]["image"] = "i:2"
    assert problems(new, old)[0].startswith("spec.template.spec: Invalid value: ")
    template["spec"]["containers"][0]["image"] = "i:1"
    started = copy.deepcopy(old)
    started["status"] = {"startTime": "2026-03-04T05:06:07Z", "active": 1}
    assert problems(new, started)[0].startswith("spec.template: Invalid value: ")


def test_only_node_affinity_of_a_suspended_job_can_change():
    """Pods that keep together or apart do so from the beginning."""
    old = job(suspend=True)
    new = copy.deepcopy(old)
    new["spec"]["template"]["spec"]["affinity"] = {"podAffinity": {}}
    assert len(problems(new, old)) == 1


@pytest.mark.parametrize(
    ("spec", "status", "state", "completions", "duration"),
    [
        ({"completions": 5}, {}, "Running", "0/5", ""),
        ({"parallelism": 3}, {"succeeded": 1}, "Running", "1/1 of 3", ""),
        (
            {"completions": 1},
            {
                "succeeded": 1,
                "startTime": "2026-03-04T05:06:07Z",
                "completionTime": "2026-03-04T05:06:10Z",
                "conditions": [
                    {"type": "SuccessCriteriaMet", "status": "True"},
                    {"type": "Complete", "status": "True"},
                ],
            },
            "Complete",
            "1/1",
            "3s",
        ),
    ],
)
def test_cells_of_a_job(spec, status, state, completions, duration):
    """State, completions and duration as kubectl shows them."""
    obj = {"metadata": {"name": "j"}, "spec": spec, "status": status}
    assert JOB.cells(obj, 1_772_600_800.0)[:4] == ["j", state, completions, duration]


def test_who_manages_a_job_is_a_path_with_a_domain():
    """What is wrong with the domain is told of the domain alone; an empty value is missing."""
    domain = job(managedBy="EXAMPLE.com/x")
    assert problems(domain)[0].startswith('spec.managedBy: Invalid value: "EXAMPLE.com": a lower')
    assert problems(job(managedBy="")) == ["spec.managedBy: Required value"]


def test_a_selector_that_cannot_be_read_is_not_compared():
    """Only its own fault is told."""
    obj = job()
    obj["spec"]["selector"]["matchLabels"]["a"] = "$(X)"
    assert not any("not auto-generated" in text for text in problems(obj))
