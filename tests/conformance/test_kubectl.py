"""The real kubectl, command by command, and what it prints."""

from __future__ import annotations

import json
import re

import pytest

MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.25
        ports: [{containerPort: 80}]
        env: [{name: A, value: "1"}]
        resources: {requests: {cpu: 100m}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "1", b: "2"}
---
apiVersion: v1
kind: Pod
metadata: {name: solo, labels: {app: solo}}
spec:
  containers: [{name: c, image: busybox}]
"""
NAMES = ["deployment.apps/web", "service/web", "configmap/settings", "pod/solo"]


def said(verb, *names):
    """What kubectl prints for these objects."""
    return "".join(f"{name} {verb}\n" for name in names)


@pytest.fixture
def applied(kubectl):
    """Kubectl after an apply of the manifests."""
    kubectl("apply", "-f", "-", stdin=MANIFESTS)
    return kubectl


def test_apply_twice(kubectl):
    """Created the first time, unchanged the second, configured where something changed."""
    assert kubectl("apply", "-f", "-", stdin=MANIFESTS) == said("created", *NAMES)
    assert kubectl("apply", "-f", "-", stdin=MANIFESTS) == said("unchanged", *NAMES)
    assert kubectl("diff", "-f", "-", stdin=MANIFESTS) == ""
    changed = MANIFESTS.replace("nginx:1.25", "nginx:1.26").replace('a: "1", ', "")
    assert kubectl("apply", "-f", "-", stdin=changed) == (
        "deployment.apps/web configured\nservice/web unchanged\n"
        "configmap/settings configured\npod/solo unchanged\n"
    )
    assert kubectl.get("configmap/settings")["data"] == {"b": "2"}
    assert kubectl.get("deployment/web")["metadata"]["generation"] == 2


def test_diff(applied):
    """Shows the changed lines and exits with 1."""
    changed = MANIFESTS.replace("nginx:1.25", "nginx:1.26")
    code, output, errors = applied.run("diff", "-f", "-", stdin=changed)
    assert (code, errors) == (1, "exit status 1\n" if errors else "")
    lines = [line for line in output.splitlines() if re.match("[-+][^-+]", line)]
    assert lines == [
        "-  generation: 1",
        "+  generation: 2",
        "-        image: nginx:1.25",
        "+        image: nginx:1.26",
    ]


def test_get(applied):
    """As tables with the columns of each kind, and in the other forms."""
    table = applied("get", "deployment,service,configmap,pod").splitlines()
    columns = [re.split(r"\s{2,}", line.rstrip())[:-1] for line in table if line]
    assert columns == [
        ["NAME", "READY", "UP-TO-DATE", "AVAILABLE"],
        ["deployment.apps/web", "0/2", "0", "0"],
        ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)"],
        ["service/web", "ClusterIP", columns[3][2], "<none>", "80/TCP"],
        ["NAME", "DATA"],
        ["configmap/settings", "2"],
        ["NAME", "READY", "STATUS", "RESTARTS"],
        ["pod/solo", "0/1", "Pending", "0"],
    ]
    wide = applied("get", "deployment", "web", "-o", "wide").split()
    assert wide[5:8] == ["CONTAINERS", "IMAGES", "SELECTOR"]
    assert wide[-3:] == ["web", "nginx:1.25", "app=web"]
    assert applied("get", "all", "-o", "name") == "pod/solo\nservice/web\ndeployment.apps/web\n"
    text = applied("get", "configmap", "settings", "-o", "yaml")
    assert 'data:\n  a: "1"\n  b: "2"\nkind: ConfigMap\n' in text
    assert "managedFields" not in text
    listed = json.loads(applied("get", "pods", "-o", "json"))
    assert (listed["kind"], listed["items"][0]["kind"]) == ("List", "Pod")
    jsonpath = "-o=jsonpath={.spec.template.spec.containers[*].image}"
    assert applied("get", "deploy/web", jsonpath) == "nginx:1.25"
    by_label = applied("get", "pods", "-l", "app=solo", "--show-labels", "--no-headers")
    assert by_label.split()[-1] == "app=solo"
    by_field = applied("get", "pods", "--field-selector=status.phase=Pending", "-o", "name")
    assert by_field == "pod/solo\n"
    assert applied("get", "pods", "--field-selector=spec.nodeName=x", "-o", "name") == ""


def test_errors_as_users_see_them(kubectl):
    """What search engines are asked for."""
    assert kubectl.fails("get", "configmap", "none") == (
        'Error from server (NotFound): configmaps "none" not found\n'
    )
    assert kubectl.fails("get", "nothings") == (
        'error: the server doesn\'t have a resource type "nothings"\n'
    )
    kubectl("create", "configmap", "a")
    assert kubectl.fails("create", "configmap", "a") == (
        'error: failed to create configmap: configmaps "a" already exists\n'
    )
    invalid = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "B"}}'
    assert 'The ConfigMap "B" is invalid: metadata.name: Invalid value: "B": ' in kubectl.fails(
        "create", "-f", "-", stdin=invalid
    )
    typo = MANIFESTS.replace("replicas:", "replica:")
    message = kubectl.fails("apply", "-f", "-", stdin=typo)
    assert 'strict decoding error: unknown field "spec.replica"' in message
    _, output, warning = kubectl.run("apply", "--validate=warn", "-f", "-", stdin=typo)
    assert 'Warning: unknown field "spec.replica"' in warning
    assert "deployment.apps/web created" in output
    assert "field label not supported: spec.x" in kubectl.fails(
        "get", "pods", "--field-selector=spec.x=1"
    )


def test_describe(applied):
    """Reads all that belongs to an object without an error."""
    for what, expected in {
        "deployment/web": "Replicas:               2 desired | 0 updated",
        "service/web": "IP Family Policy:         SingleStack",
        "pod/solo": "QoS Class:        BestEffort",
        "configmap/settings": "Data\n====\na:\n----\n1\n",
        "namespace/default": "Status:       Active",
    }.items():
        assert expected in applied("describe", what)


def test_explain(kubectl):
    """Documentation of fields comes from the server's OpenAPI documents."""
    text = kubectl("explain", "deployment.spec.strategy")
    assert "GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n" in text
    assert "FIELD: strategy <DeploymentStrategy>" in text
    assert "rollingUpdate\t<RollingUpdateDeployment>" in text
    recursive = kubectl("explain", "pod.spec.containers", "--recursive")
    assert "  name\t<string> -required-\n" in recursive
    assert "    secretKeyRef\t<SecretKeySelector>" in recursive
    assert "VERSION:    v1\n" in kubectl("explain", "hpa", "--api-version=autoscaling/v1")
    assert 'field "nothing" does not exist' in kubectl.fails("explain", "pod.nothing")


def test_api_resources(kubectl):
    """All kinds of built-in groups, with short names and verbs."""
    lines = kubectl("api-resources", "--no-headers").splitlines()
    rows = {line.split()[0]: line.split() for line in lines}
    assert rows["deployments"] == ["deployments", "deploy", "apps/v1", "true", "Deployment"]
    assert rows["nodes"] == ["nodes", "no", "v1", "false", "Node"]
    names = kubectl("api-resources", "--api-group=batch", "-o", "name").split()
    assert names == ["cronjobs.batch", "jobs.batch"]
    listable = kubectl("api-resources", "--verbs=list", "--namespaced", "-o", "name").split()
    assert {"pods", "leases.coordination.k8s.io"} <= {*listable}
    assert "bindings" not in listable
    assert {"v1", "apps/v1", "autoscaling/v2"} <= {*kubectl("api-versions").split()}


def test_every_kind_can_be_listed(kubectl):
    """``kubectl get`` of each listable kind answers with a table or that there is nothing."""
    names = kubectl("api-resources", "--verbs=list", "-o", "name").split()
    code, _, errors = kubectl.run("get", ",".join(names), "--all-namespaces")
    trouble = [line for line in errors.splitlines() if not line.startswith("Warning: v1 ")]
    assert (code, trouble) == (0, [])


def test_label_and_annotate(applied):
    """Set, refuse to overwrite, overwrite, remove."""
    assert applied("label", "pod/solo", "tier=front") == "pod/solo labeled\n"
    assert applied("label", "pod/solo", "tier=front") == "pod/solo not labeled\n"
    assert "--overwrite is false" in applied.fails("label", "pod/solo", "tier=back")
    assert applied("label", "--overwrite", "pod/solo", "tier=back") == "pod/solo labeled\n"
    assert applied("label", "pod/solo", "tier-") == "pod/solo unlabeled\n"
    assert applied.get("pod/solo")["metadata"]["labels"] == {"app": "solo"}
    assert applied("annotate", "pods", "--all", "note=x") == "pod/solo annotated\n"
    assert applied.get("pod/solo")["metadata"]["annotations"]["note"] == "x"


def test_edit(applied, tmp_path):
    """An editor that changes something, one that does not, one that makes it invalid."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i.old "$CHANGE" "$1"\n')
    editor.chmod(0o755)

    def edit(change, run=applied):
        return run("edit", "deployment/web", EDITOR=str(editor), CHANGE=change)

    assert edit("s/nginx:1.25/nginx:1.26/") == "deployment.apps/web edited\n"
    assert "nginx:1.26" in json.dumps(applied.get("deployment/web")["spec"])
    code, _, errors = edit("s/x/x/", applied.run)
    assert (code, errors) == (0, "Edit cancelled, no changes made.\n")
    assert 'deployments.apps "web" is invalid' in edit("s/replicas: 2/replicas: -2/", applied.fails)


def test_patch_types(applied):
    """Strategic, merge and JSON patches, and one without effect."""
    container = {"name": "web", "image": "nginx:3"}
    strategic = {"spec": {"template": {"spec": {"containers": [container]}}}}
    done = "deployment.apps/web patched\n"
    assert applied("patch", "deployment/web", "-p", json.dumps(strategic)) == done
    merge = '{"spec": {"replicas": 7}}'
    assert applied("patch", "deployment/web", "--type=merge", "-p", merge) == done
    operations = '[{"op": "replace", "path": "/spec/paused", "value": true}]'
    assert applied("patch", "deployment/web", "--type=json", "-p", operations) == done
    spec = applied.get("deployment/web")["spec"]
    [container] = spec["template"]["spec"]["containers"]
    assert (spec["replicas"], spec["paused"], container["image"]) == (7, True, "nginx:3")
    assert container["env"] == [{"name": "A", "value": "1"}]
    again = applied("patch", "deployment/web", "--type=merge", "-p", merge)
    assert again == "deployment.apps/web patched (no change)\n"
    status = '{"status": {"replicas": 3}}'
    applied("patch", "deployment/web", "--subresource=status", "--type=merge", "-p", status)
    assert applied.get("deployment/web")["status"] == {"replicas": 3}


def test_scale(applied):
    """Unconditionally, and only from the expected number."""
    assert applied("scale", "deployment/web", "--replicas=5") == "deployment.apps/web scaled\n"
    assert (
        applied.fails("scale", "deployment/web", "--current-replicas=2", "--replicas=4")
        == "error: Expected replicas to be 2, was 5\n"
    )
    assert applied.get("deployment/web")["spec"]["replicas"] == 5
    scale = applied("get", "deployment", "web", "--subresource=scale", "--no-headers").split()
    assert scale[:3] == ["web", "5", "0"]


def test_wait(applied):
    """For a condition that comes, a value that is there, a deletion, and in vain."""
    waiting = applied.start("wait", "--for=condition=Available", "deployment/web", "--timeout=30s")
    condition = {"type": "Available", "status": "True", "reason": "r", "message": "m"}
    status = json.dumps({"status": {"conditions": [condition]}})
    applied("patch", "deployment/web", "--subresource=status", "--type=merge", "-p", status)
    output, _ = waiting.communicate(timeout=30)
    assert (waiting.returncode, output) == (0, "deployment.apps/web condition met\n")
    value = "--for=jsonpath={.spec.replicas}=2"
    assert applied("wait", value, "deployment/web") == "deployment.apps/web condition met\n"
    deleting = applied.start("wait", "--for=delete", "pod/solo", "--timeout=30s")
    applied("delete", "pod/solo")
    assert deleting.wait(30) == 0
    deleting.communicate()
    assert applied.fails("wait", "--for=condition=No", "deployment/web", "--timeout=1s") == (
        "error: timed out waiting for the condition on deployments/web\n"
    )


def test_get_watch(applied):
    """``get -w`` prints what there is and then a line for each change."""
    watching = applied.start("get", "configmaps", "--watch", "--no-headers")
    try:
        assert watching.stdout.readline().split()[:2] == ["settings", "2"]
        applied("create", "configmap", "new", "--from-literal=k=v")
        assert watching.stdout.readline().split()[:2] == ["new", "1"]
        patch = '{"data": {"c": "3"}}'
        applied("patch", "configmap/settings", "--type=merge", "-p", patch)
        assert watching.stdout.readline().split()[:2] == ["settings", "3"]
    finally:
        watching.kill()
        watching.communicate()


def test_delete(applied):
    """By name, by file, by label; waiting until it is gone; what is missing is told."""
    deleted = f'"solo" deleted from {applied.namespace} namespace\n'
    assert applied("delete", "pod", "solo") == f"pod {deleted}"
    errors = applied.fails("delete", "-f", "-", stdin=MANIFESTS)
    assert errors == (
        'Error from server (NotFound): error when deleting "STDIN": pods "solo" not found\n'
    )
    assert applied("delete", "-f", "-", "--ignore-not-found", stdin=MANIFESTS) == ""
    assert applied("get", "all", "-o", "name") == ""
    for name in ("a", "b"):
        applied("create", "configmap", name)
    applied("label", "configmap/a", "go=yes")
    applied("delete", "configmap", "-l", "go=yes")
    assert applied("get", "configmap", "-o", "name") == "configmap/b\n"


def test_create_commands(kubectl):
    """The commands that make objects out of flags; they are sent as protobuf."""
    made = {
        ("configmap", "c", "--from-literal=k=v"): "configmap/c",
        ("secret", "generic", "s", "--from-literal=k=v"): "secret/s",
        ("deployment", "d", "--image=nginx", "--replicas=2"): "deployment.apps/d",
        ("job", "j", "--image=busybox"): "job.batch/j",
        ("cronjob", "cj", "--image=busybox", "--schedule=* * * * *"): "cronjob.batch/cj",
        ("serviceaccount", "bot"): "serviceaccount/bot",
        ("role", "r", "--verb=get", "--resource=pods"): "role.rbac.authorization.k8s.io/r",
        ("rolebinding", "rb", "--role=r", "--user=ann"): (
            "rolebinding.rbac.authorization.k8s.io/rb"
        ),
        ("quota", "q", "--hard=pods=3"): "resourcequota/q",
        ("ingress", "i", "--rule=a.io/=s:80"): "ingress.networking.k8s.io/i",
        ("poddisruptionbudget", "p", "--selector=a=b", "--min-available=1"): (
            "poddisruptionbudget.policy/p"
        ),
        ("service", "clusterip", "svc", "--tcp=80:8080"): "service/svc",
    }
    for words, name in made.items():
        assert kubectl("create", *words) == f"{name} created\n"
        assert kubectl("get", name, "-o", "name") == f"{name}\n"
    assert kubectl("run", "p", "--image=nginx") == "pod/p created\n"
    assert kubectl("expose", "deployment", "d", "--port=80") == "service/d exposed\n"
    assert kubectl("autoscale", "deployment", "d", "--max=3") == (
        "horizontalpodautoscaler.autoscaling/d autoscaled\n"
    )
    assert kubectl("set", "image", "deployment/d", "nginx=nginx:2") == (
        "deployment.apps/d image updated\n"
    )
    assert kubectl.get("deployment/d")["spec"]["template"]["spec"]["containers"][0]["image"] == (
        "nginx:2"
    )


def test_replace(applied):
    """PUT of what was read, refused when it is stale; --force deletes and creates."""
    read = json.dumps(applied.get("configmap/settings"))
    assert applied("replace", "-f", "-", stdin=read) == "configmap/settings replaced\n"
    applied("annotate", "configmap/settings", "changed=yes")
    stale = applied.fails("replace", "-f", "-", stdin=read)
    assert "Error from server (Conflict)" in stale
    assert "the object has been modified" in stale
    old = applied.get("configmap/settings")["metadata"]["uid"]
    del (meta := json.loads(read)["metadata"])["resourceVersion"]
    forced = json.dumps({**json.loads(read), "metadata": {"name": meta["name"]}})
    applied("replace", "--force", "-f", "-", stdin=forced)
    assert applied.get("configmap/settings")["metadata"]["uid"] != old


def test_dry_run(applied):
    """``--dry-run=server`` says what it would do and does nothing."""
    before = applied.version_of("deployment/web")
    changed = MANIFESTS.replace("nginx:1.25", "nginx:1.26")
    output = applied("apply", "--dry-run=server", "-f", "-", stdin=changed)
    assert "deployment.apps/web configured (server dry run)\n" in output
    assert applied.version_of("deployment/web") == before
    assert "(server dry run)" in applied("delete", "pod/solo", "--dry-run=server")
    assert applied("get", "pod", "solo", "-o", "name") == "pod/solo\n"


def test_rollout(applied):
    """What rollout commands say before any controller has seen the deployment."""
    assert (
        "Waiting for deployment spec update to be observed..."
        in (applied.run("rollout", "status", "deployment/web", "--timeout=1s")[1])
    )
    observed = {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
    }
    status = json.dumps({"status": observed})
    applied("patch", "deployment/web", "--subresource=status", "--type=merge", "-p", status)
    assert applied("rollout", "status", "deployment/web") == (
        'deployment "web" successfully rolled out\n'
    )
    assert applied("rollout", "history", "deployment/web") == (
        "deployment.apps/web \nNo rollout history found.\n"
    )
    assert applied("rollout", "restart", "deployment/web") == "deployment.apps/web restarted\n"
    meta = applied.get("deployment/web")["spec"]["template"]["metadata"]
    assert "kubectl.kubernetes.io/restartedAt" in meta["annotations"]
    assert applied("rollout", "pause", "deployment/web") == "deployment.apps/web paused\n"
    assert applied("rollout", "resume", "deployment/web") == "deployment.apps/web resumed\n"


def test_who_am_i(kubectl):
    """The reviews behind ``kubectl auth``."""
    assert "[system:masters system:authenticated]" in kubectl("auth", "whoami")
    assert kubectl("auth", "can-i", "delete", "pods") == "yes\n"


def test_version_and_raw(kubectl):
    """Versions agree; raw paths are read as they are."""
    assert "Server Version: v1.37." in kubectl("version")
    assert kubectl("get", "--raw", "/livez") == "ok"
    assert "readyz check passed" in kubectl("get", "--raw", "/readyz?verbose")
    assert "is running at https://127.0.0.1:" in kubectl("cluster-info")


def test_paging(kubectl):
    """More objects than kubectl asks for at once are all printed."""
    many = "---\n".join(
        f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{number}}}}}\n"
        for number in range(25)
    )
    kubectl("create", "-f", "-", stdin=many)
    whole = kubectl("get", "configmaps", "-o", "name").split()
    assert len(whole) == 25
    assert kubectl("get", "configmaps", "-o", "name", "--chunk-size=4").split() == whole
