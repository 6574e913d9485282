"""Mutating policies as tests make them."""

from __future__ import annotations

GROUP = "/apis/admissionregistration.k8s.io/{}"


def rule(*resources, group="", versions=("*",), operations=("CREATE", "UPDATE")):
    return {
        "apiGroups": [group],
        "apiVersions": list(versions),
        "operations": list(operations),
        "resources": list(resources),
    }


def label(key, value="yes"):
    return f"Object{{metadata: Object.metadata{{labels: {{'{key}': '{value}'}}}}}}"


def mutation(expression):
    if "JSONPatch{" in expression:
        return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def policy_maker(cluster):
    """Make a function that creates a policy of mutations, and a binding of the same name."""

    async def create(
        *expressions, name="p", binding=None, version="v1", on=None, rules=None, **spec
    ):
        server, path = on or cluster, GROUP.format(version)
        spec = {
            "matchConstraints": {"resourceRules": rules or [rule("configmaps")]},
            "mutations": [mutation(expression) for expression in expressions],
            "reinvocationPolicy": "Never",
            **spec,
        }
        path = f"{path}/mutatingadmissionpolicies"
        await server.create(path, {"metadata": {"name": name}, "spec": spec})
        spec = {"policyName": name, **(binding or {})}
        await server.create(
            path.replace("policies", "policybindings"), {"metadata": {"name": name}, "spec": spec}
        )

    return create
