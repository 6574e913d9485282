"""Definitions of all kinds: established, their instances stored and read back, broken ones refused.

The definitions in tests/definitions use every feature of structural schemas. More can be given:
KAPI_DEFINITIONS names a folder of them (JSON), and KAPI_DEFINITIONS_REPORT a file in which one
line of JSON for each tells what was tried and what could not be.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from definition_trials import CRDS, Trial, versions_alone

OWN = Path(__file__).parents[1] / "definitions"
FEATURES = {
    *("type", "format", "enum", "default", "nullable", "required", "properties", "items"),
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "minProperties"),
    *("maxProperties", "additionalProperties", "allOf", "anyOf", "oneOf", "not"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"),
    *("x-kubernetes-int-or-string", "x-kubernetes-embedded-resource"),
    *("x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations"),
}
GIVEN = os.environ.get("KAPI_DEFINITIONS")


def files():
    """The files of all definitions."""
    given = sorted(Path(GIVEN).glob("*.json")) if GIVEN else []
    return [*sorted(OWN.glob("*.yaml")), *given]


def load(file):
    """The definition of a file."""
    return (
        yaml.safe_load(file.read_text()) if file.suffix == ".yaml" else json.loads(file.read_text())
    )


def report(file, trials):
    """Write down what was tried, where somebody wants to know."""
    target = os.environ.get("KAPI_DEFINITIONS_REPORT")
    if not target:
        return
    line = {
        "definition": file.stem,
        "own": file.parent == OWN,
        "versions": [
            {
                "left_out": t.left_out,
                "counts": t.counts,
                "excluded": t.excluded,
                "places": t.places,
                "failures": t.failures,
            }
            for t in trials
        ],
    }
    with Path(target).open("a") as out:
        out.write(json.dumps(line) + "\n")


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
async def test_instances_of_a_definition(cluster, file):
    """A definition is established; what its schema allows is stored, all else is refused."""
    definition = load(file)
    path = f"{CRDS}/{definition['metadata']['name']}"
    await cluster.create(CRDS, definition)
    conditions = (await cluster.read(path))["status"]["conditions"]
    assert {c["type"]: c["status"] for c in conditions}["Established"] == "True"
    await cluster.delete(path)
    trials = []
    for alone in versions_alone(definition):
        await cluster.create(CRDS, alone)
        trials.append(Trial(cluster, alone))
        await trials[-1].run()
        await cluster.delete(path)
    report(file, trials)
    failures = [failure for trial in trials for failure in trial.failures]
    assert not failures, "\n".join(failures[:20])


def test_own_definitions_use_every_feature():
    """Each keyword of structural schemas stands in a definition of our own."""
    used = set()

    def walk(schema):
        used.update(schema)
        parts = [*(schema.get("properties") or {}).values()]
        parts += [part for name in ("allOf", "anyOf", "oneOf") for part in schema.get(name, ())]
        parts += [schema[name] for name in ("items", "not") if name in schema]
        more = schema.get("additionalProperties")
        for part in [*parts, *([more] if isinstance(more, dict) else [])]:
            walk(part)

    for file in OWN.glob("*.yaml"):
        for version in load(file)["spec"]["versions"]:
            walk(version["schema"]["openAPIV3Schema"])
    assert used >= FEATURES
