"""Custom resources as kubectl users meet them: define, apply, explain, scale, delete."""

from __future__ import annotations

import json

import pytest
from kubectl import Kubectl

from kapi.testing import Server

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: backups, singular: backup, kind: Backup, shortNames: [bk], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns: [{name: Schedule, type: string, jsonPath: .spec.schedule}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What is kept, and how often.
            required: [schedule]
            properties:
              schedule: {type: string, description: When it runs.}
              replicas: {type: integer, minimum: 1, default: 1}
              targets:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, path: {type: string}}
          status: {type: object, properties: {replicas: {type: integer}}}
"""
BACKUP = """
apiVersion: example.com/v1
kind: Backup
metadata: {name: nightly}
spec: {schedule: "0 3 * * *", targets: [{name: db, path: /db}]}
"""


@pytest.fixture(scope="module")
def kubectl(home):
    """Kubectl and a server that knows the custom resource."""
    with Server() as running:
        run = Kubectl(running.kubeconfig, "default", home)
        run("apply", "-f", "-", stdin=DEFINITION)
        established = "--for=condition=Established"
        run("wait", established, "crd/backups.example.com", "--timeout=20s")
        yield run


def test_apply_and_get(kubectl):
    """Created, unchanged, with defaults, in a table with its own columns."""
    assert kubectl("apply", "-f", "-", stdin=BACKUP) == "backup.example.com/nightly created\n"
    assert kubectl("apply", "-f", "-", stdin=BACKUP) == "backup.example.com/nightly unchanged\n"
    assert kubectl.get("backup/nightly")["spec"]["replicas"] == 1
    assert kubectl("get", "bk").split("\n")[:2] == [
        "NAME      SCHEDULE",
        "nightly   0 3 * * *",
    ]
    assert "backup.example.com/nightly" in kubectl("get", "all", "-o", "name")
    kubectl("delete", "bk", "nightly")


def test_what_the_schema_says(kubectl):
    """Required, minimal and unknown fields are told; explain shows the descriptions."""
    missing = BACKUP.replace('schedule: "0 3 * * *", ', "")
    assert "spec.schedule: Required value" in kubectl.fails("create", "-f", "-", stdin=missing)
    small = BACKUP.replace("{schedule:", "{replicas: 0, schedule:")
    assert (
        "spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or "
        "equal to 1"
    ) in kubectl.fails("create", "-f", "-", stdin=small)
    typo = BACKUP.replace("{schedule:", "{shedule: x, schedule:")
    assert 'unknown field "spec.shedule"' in kubectl.fails("create", "-f", "-", stdin=typo)
    text = kubectl("explain", "backup.spec")
    assert "What is kept, and how often." in text
    assert "schedule\t<string> -required-\n    When it runs." in text


def test_scale_and_status(kubectl):
    """The subresources that the definition has."""
    kubectl("apply", "-f", "-", stdin=BACKUP)
    assert kubectl("scale", "bk/nightly", "--replicas=3") == "backup.example.com/nightly scaled\n"
    status = '{"spec": {"replicas": 9}, "status": {"replicas": 2}}'
    kubectl("patch", "bk/nightly", "--subresource=status", "--type=merge", "-p", status)
    backup = kubectl.get("bk/nightly")
    assert (backup["spec"]["replicas"], backup["status"]["replicas"]) == (3, 2)
    kubectl("delete", "bk", "nightly")


def test_server_side_apply_by_list_key(kubectl):
    """Two managers own an item each."""
    apply = ("apply", "--server-side", "-f", "-")
    kubectl(*apply, stdin=BACKUP)
    other = BACKUP.replace("name: db, path: /db", "name: web, path: /web")
    kubectl(*apply, "--field-manager=other", stdin=other)
    targets = kubectl.get("bk/nightly")["spec"]["targets"]
    assert [target["name"] for target in targets] == ["db", "web"]
    clash = BACKUP.replace("/db", "/elsewhere")
    assert '.spec.targets[name="db"].path' in kubectl.fails(
        *apply, "--field-manager=other", stdin=clash
    )
    kubectl("delete", "bk", "nightly")


def test_deleted_definition_takes_its_objects(kubectl):
    """The kind is gone, and defined again it is empty."""
    definition = json.dumps(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "things.example.org"},
            "spec": {
                "group": "example.org",
                "scope": "Cluster",
                "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object"}},
                    }
                ],
            },
        }
    )
    thing = '{"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}}'

    def define():
        kubectl("create", "-f", "-", stdin=definition)
        kubectl("wait", "--for=condition=Established", "crd/things.example.org", "--timeout=20s")

    define()
    kubectl("create", "-f", "-", stdin=thing)
    kubectl.run("delete", "crd", "things.example.org", "--timeout=30s")
    assert "NotFound" in kubectl.fails("get", "crd", "things.example.org")
    assert "example.org" not in kubectl("api-versions")
    define()
    assert kubectl("get", "things.example.org", "-o", "name") == ""
