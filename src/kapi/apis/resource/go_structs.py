"""The structs of resource.k8s.io as they stand in field errors."""

from __future__ import annotations

from kapi.apimachinery.gostruct import GoStruct, list_of, pointer_to, value_of

__all__ = ["ALLOCATION", "CLAIM_SPEC"]

_TOLERATION = GoStruct(
    key=("Key", "", None),
    operator=("Operator", "", None),
    value=("Value", "", None),
    effect=("Effect", "", None),
    tolerationSeconds=("TolerationSeconds", None, None),
)
_SELECTOR = GoStruct(cel=pointer_to("CEL", GoStruct(expression=("Expression", "", None))))
_CAPACITY = GoStruct(requests=("Requests", None, None))
_EXACT_REQUEST = GoStruct(
    deviceClassName=("DeviceClassName", "", None),
    selectors=list_of("Selectors", _SELECTOR),
    allocationMode=("AllocationMode", "", None),
    count=("Count", 0, None),
    adminAccess=("AdminAccess", None, None),
    tolerations=list_of("Tolerations", _TOLERATION),
    capacity=pointer_to("Capacity", _CAPACITY),
)
_SUB_REQUEST = GoStruct(
    name=("Name", "", None),
    deviceClassName=("DeviceClassName", "", None),
    selectors=list_of("Selectors", _SELECTOR),
    allocationMode=("AllocationMode", "", None),
    count=("Count", 0, None),
    tolerations=list_of("Tolerations", _TOLERATION),
    capacity=pointer_to("Capacity", _CAPACITY),
)
_OPAQUE = pointer_to(
    "Opaque", GoStruct(driver=("Driver", "", None), parameters=("Parameters", None, None))
)
CLAIM_SPEC = GoStruct(
    devices=value_of(
        "Devices",
        GoStruct(
            requests=list_of(
                "Requests",
                GoStruct(
                    name=("Name", "", None),
                    exactly=pointer_to("Exactly", _EXACT_REQUEST),
                    firstAvailable=list_of("FirstAvailable", _SUB_REQUEST),
                ),
            ),
            constraints=list_of(
                "Constraints",
                GoStruct(
                    requests=("Requests", None, None),
                    matchAttribute=("MatchAttribute", None, None),
                    distinctAttribute=("DistinctAttribute", None, None),
                ),
            ),
            config=list_of("Config", GoStruct(requests=("Requests", None, None), opaque=_OPAQUE)),
        ),
    )
)

_RESULT = GoStruct(
    request=("Request", "", None),
    driver=("Driver", "", None),
    pool=("Pool", "", None),
    device=("Device", "", None),
    adminAccess=("AdminAccess", None, None),
    tolerations=list_of("Tolerations", _TOLERATION),
    bindingConditions=("BindingConditions", None, None),
    bindingFailureConditions=("BindingFailureConditions", None, None),
    shareID=("ShareID", None, None),
    consumedCapacity=("ConsumedCapacity", None, None),
)
_NODE_SELECTOR_REQUIREMENT = GoStruct(
    key=("Key", "", None), operator=("Operator", "", None), values=("Values", None, None)
)
_NODE_SELECTOR = GoStruct(
    nodeSelectorTerms=list_of(
        "NodeSelectorTerms",
        GoStruct(
            matchExpressions=list_of("MatchExpressions", _NODE_SELECTOR_REQUIREMENT),
            matchFields=list_of("MatchFields", _NODE_SELECTOR_REQUIREMENT),
        ),
    )
)
ALLOCATION = GoStruct(
    devices=value_of(
        "Devices",
        GoStruct(
            results=list_of("Results", _RESULT),
            config=list_of(
                "Config",
                GoStruct(
                    source=("Source", "", None), requests=("Requests", None, None), opaque=_OPAQUE
                ),
            ),
        ),
    ),
    nodeSelector=pointer_to("NodeSelector", _NODE_SELECTOR),
    allocationTimestamp=("AllocationTimestamp", None, None),
)
