"""RuntimeClass."""

from __future__ import annotations

from kapi.apimachinery.field import ErrorList
from kapi.apis.node.strategy import RuntimeClassStrategy
from kapi.apis.node.validation import validate_runtime_class, validate_runtime_class_update
from kapi.registry.context import RequestContext, UserInfo


def test_overhead_is_judged_as_limits():
    """Clients know the path of a container's limits."""
    errors = ErrorList()
    validate_runtime_class({"handler": "x", "overhead": {"podFixed": {"cpu": "-1"}}}, errors)
    assert [str(error) for error in errors] == [
        'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'
    ]


def test_scheduling_is_judged_as_that_of_a_pod():
    """Selector values are label values, operators those of tolerations."""
    errors = ErrorList()
    scheduling = {"nodeSelector": {"a": "b c"}, "tolerations": [{"key": "a", "operator": "Is"}]}
    validate_runtime_class({"handler": "x", "scheduling": scheduling}, errors)
    assert [error.path for error in errors] == [
        "scheduling.nodeSelector",
        "scheduling.tolerations[0].operator",
    ]


def test_the_handler_is_fixed():
    """Pods of the class were started with it."""
    errors = ErrorList()
    validate_runtime_class_update({"handler": "b"}, {"handler": "a"}, errors)
    assert [str(error) for error in errors] == ['handler: Invalid value: "b": field is immutable']


def test_old_node_labels_are_warned_of():
    """The newer name is told."""
    context = RequestContext(UserInfo("u"), "", "x", 0.0, 36)
    selector = {"beta.kubernetes.io/os": "linux", "disk": "ssd"}
    obj = {"handler": "x", "scheduling": {"nodeSelector": selector}}
    RuntimeClassStrategy().warnings_on_create(context, obj)
    assert context.warnings == [
        'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead'
    ]
