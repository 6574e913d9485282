"""``kubectl apply --server-side``: conflicts, forcing, diff, and coming from client-side apply."""

from __future__ import annotations

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "nginx:1.25", ports: [{containerPort: 80}]}]
"""
CHANGED = MANIFEST.replace("nginx:1.25", "nginx:1.26")
WEB = "deployment/web"
APPLY = ("apply", "--server-side", "-f", "-")
DONE = "deployment.apps/web serverside-applied\n"


def managers(kubectl):
    """Who owns fields, and how."""
    fields = kubectl.get(WEB)["metadata"]["managedFields"]
    return {(entry["manager"], entry["operation"]) for entry in fields}


def image(kubectl):
    """The image of the container."""
    return kubectl.get(WEB)["spec"]["template"]["spec"]["containers"][0]["image"]


def test_second_apply_changes_nothing(kubectl):
    """The same manifest again leaves the version alone."""
    assert kubectl(*APPLY, stdin=MANIFEST) == DONE
    version = kubectl.version_of(WEB)
    assert kubectl(*APPLY, stdin=MANIFEST) == DONE
    assert kubectl.version_of(WEB) == version
    assert kubectl("diff", "--server-side", "-f", "-", stdin=MANIFEST) == ""
    assert managers(kubectl) == {("kubectl", "Apply")}


def test_conflict(kubectl):
    """Another manager is told which field is whose, and may force."""
    kubectl(*APPLY, stdin=MANIFEST)
    other = (*APPLY, "--field-manager=other")
    message = kubectl.fails(*other, stdin=CHANGED)
    assert message.startswith(
        'error: Apply failed with 1 conflict: conflict with "kubectl": '
        '.spec.template.spec.containers[name="web"].image\n'
        "Please review the fields above--they currently have other managers."
    )
    assert image(kubectl) == "nginx:1.25"
    assert kubectl(*other, "--force-conflicts", stdin=CHANGED) == DONE
    assert image(kubectl) == "nginx:1.26"
    assert managers(kubectl) == {("kubectl", "Apply"), ("other", "Apply")}
    assert "1 conflict" in kubectl.fails(*APPLY, stdin=MANIFEST)


def test_several_conflicts_are_listed(kubectl):
    """Each on a line of its own, grouped by manager."""
    kubectl(*APPLY, stdin=MANIFEST)
    many = CHANGED.replace("replicas: 2", "replicas: 3")
    message = kubectl.fails(*APPLY, "--field-manager=other", stdin=many)
    assert message.startswith(
        'error: Apply failed with 2 conflicts: conflicts with "kubectl":\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="web"].image\n'
    )


def test_shared_values_do_not_conflict(kubectl):
    """Two managers that want the same own it together."""
    kubectl(*APPLY, stdin=MANIFEST)
    assert kubectl(*APPLY, "--field-manager=other", stdin=MANIFEST) == DONE


def test_scale_takes_the_replicas(kubectl):
    """``kubectl scale`` owns the number, an apply with another one conflicts with it."""
    kubectl(*APPLY, stdin=MANIFEST)
    kubectl("scale", WEB, "--replicas=5")
    message = kubectl.fails(*APPLY, stdin=MANIFEST)
    assert 'conflict with "kubectl" with subresource "scale"' in message
    assert ".spec.replicas" in message
    without = MANIFEST.replace("  replicas: 2\n", "")
    assert kubectl(*APPLY, stdin=without) == DONE
    assert kubectl.get(WEB)["spec"]["replicas"] == 5


def test_diff(kubectl):
    """Shows what an apply would change."""
    kubectl(*APPLY, stdin=MANIFEST)
    code, output, _ = kubectl.run("diff", "--server-side", "-f", "-", stdin=CHANGED)
    assert code == 1
    assert "-        image: nginx:1.25\n" not in output
    assert "nginx:1.25\n+" in output
    assert "nginx:1.26\n" in output
    assert image(kubectl) == "nginx:1.25"


def test_from_client_side_apply(kubectl):
    """The fields of client-side apply are taken over, later removals work."""
    with_label = MANIFEST.replace("{name: web}\n", "{name: web, labels: {old: label}}\n", 1)
    kubectl("apply", "-f", "-", stdin=with_label)
    assert managers(kubectl) == {("kubectl-client-side-apply", "Update")}
    assert kubectl(*APPLY, stdin=CHANGED) == DONE
    assert managers(kubectl) == {("kubectl", "Apply"), ("kubectl-last-applied", "Apply")}
    assert image(kubectl) == "nginx:1.26"
    assert "labels" not in kubectl.get(WEB)["metadata"]
    annotation = kubectl.get(WEB)["metadata"]["annotations"]
    assert "nginx:1.26" in annotation["kubectl.kubernetes.io/last-applied-configuration"]
    assert kubectl("apply", "-f", "-", stdin=CHANGED).startswith("deployment.apps/web ")


def test_removed_fields_go(kubectl):
    """What is no longer in the manifest is removed, what others set stays."""
    labelled = MANIFEST.replace("{name: web}\n", "{name: web, labels: {mine: x}}\n", 1)
    kubectl(*APPLY, stdin=labelled)
    kubectl("label", WEB, "theirs=y")
    kubectl(*APPLY, stdin=MANIFEST)
    assert kubectl.get(WEB)["metadata"]["labels"] == {"theirs": "y"}


def test_dry_run(kubectl):
    """Nothing is written, conflicts are found."""
    assert kubectl(*APPLY, "--dry-run=server", stdin=MANIFEST) == (
        "deployment.apps/web serverside-applied (server dry run)\n"
    )
    assert "NotFound" in kubectl.fails("get", WEB)
    kubectl(*APPLY, stdin=MANIFEST)
    other = (*APPLY, "--field-manager=other", "--dry-run=server")
    assert "1 conflict" in kubectl.fails(*other, stdin=CHANGED)


def test_typing_errors(kubectl):
    """Fields that do not exist and values of the wrong type are told."""
    typo = MANIFEST.replace("replicas:", "replica:")
    assert ".spec.replica: field not declared in schema" in kubectl.fails(*APPLY, stdin=typo)
    wrong = MANIFEST.replace("replicas: 2", "replicas: two")
    assert ".spec.replicas: " in kubectl.fails(*APPLY, "--validate=false", stdin=wrong)
