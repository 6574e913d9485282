"""Service-account tokens: who they are for, what they are bound to, and how they die."""

from __future__ import annotations

import base64
import json

import pytest

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
PODS = "/api/v1/namespaces/default/pods"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


@pytest.fixture
async def robot(whole_cluster):
    """A cluster with a service account."""
    await whole_cluster.create(ACCOUNTS, {"metadata": {"name": "robot"}})
    return whole_cluster


async def issue(cluster, **spec):
    """A token of the account."""
    answer = await cluster.create(f"{ACCOUNTS}/robot/token", {"spec": spec})
    return answer["status"]["token"]


async def who(cluster, token):
    """What the server takes the bearer of a token for."""
    answer = await cluster.post(WHO, {}, {"Authorization": f"Bearer {token}"})
    return answer.json()["status"]["userInfo"] if answer.status_code == 201 else None


def claims(token):
    """What a token says."""
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


async def test_token_makes_the_account_a_user(robot):
    """With the groups of service accounts and the token's id."""
    token = await issue(robot)
    uid = (await robot.read(f"{ACCOUNTS}/robot"))["metadata"]["uid"]
    assert await who(robot, token) == {
        "username": "system:serviceaccount:default:robot",
        "uid": uid,
        "groups": [
            "system:serviceaccounts",
            "system:serviceaccounts:default",
            "system:authenticated",
        ],
        "extra": {"authentication.kubernetes.io/credential-id": [f"JTI={claims(token)['jti']}"]},
    }


async def test_token_dies_with_its_account(robot):
    """Also when another account of the same name takes its place."""
    token = await issue(robot)
    assert await who(robot, token) is not None
    await robot.delete(f"{ACCOUNTS}/robot")
    assert await who(robot, token) is None
    await robot.create(ACCOUNTS, {"metadata": {"name": "robot"}})
    assert await who(robot, token) is None


async def test_token_of_a_pod(robot, pod):
    """It names the pod, lives a year where kubelets ask for an hour, and dies with the pod."""
    created = await robot.create(PODS, pod("p", serviceAccountName="robot"))
    reference = {"kind": "Pod", "apiVersion": "v1", "name": "p"}
    token = await issue(robot, boundObjectRef=reference, expirationSeconds=3607)
    extra = (await who(robot, token))["extra"]
    assert extra["authentication.kubernetes.io/pod-name"] == ["p"]
    assert extra["authentication.kubernetes.io/pod-uid"] == [created["metadata"]["uid"]]
    said = claims(token)
    assert said["exp"] - said["iat"] == 365 * 24 * 3600
    assert said["kubernetes.io"]["warnafter"] - said["iat"] == 3607
    await robot.delete(f"{PODS}/p")
    assert await who(robot, token) is None


async def test_token_for_somebody_else(robot):
    """A token without the server's audience is no credential here, but can be reviewed."""
    token = await issue(robot, audiences=["vault"])
    assert await who(robot, token) is None
    asked = {"spec": {"token": token, "audiences": ["vault", "other"]}}
    status = (await robot.create(REVIEWS, asked))["status"]
    assert (status["authenticated"], status["audiences"]) == (True, ["vault"])
    status = (await robot.create(REVIEWS, {"spec": {"token": token}}))["status"]
    assert status == {
        "user": {},
        "error": '[invalid bearer token, token audiences ["vault"] is invalid for the target '
        'audiences ["https://kubernetes.default.svc"]]',
    }


async def test_spoiled_token(robot):
    """A changed signature, changed claims, or a foreign key are refused."""
    token = await issue(robot)
    head, body, signature = token.split(".")
    other = await issue(robot)
    for spoiled in (
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{other.split('.')[1]}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
    ):
        assert await who(robot, spoiled) is None


async def test_issuer_documents(robot):
    """They say with which key tokens are signed."""
    keys = (await robot.get("/openid/v1/jwks", {"Accept": "*/*"})).json()["keys"]
    head = (await issue(robot)).split(".")[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    assert [(key["kid"], key["alg"]) for key in keys] == [(header["kid"], header["alg"])]
    document = await robot.read("/.well-known/openid-configuration")
    assert document["issuer"] == "https://kubernetes.default.svc"


async def test_pods_mount_the_token(robot, pod, fails):
    """A pod runs as the default account; one that does not exist is refused."""
    spec = (await robot.create(PODS, pod("p")))["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    volume = spec["volumes"][0]["name"]
    assert volume.startswith("kube-api-access-")
    mounts = spec["containers"][0]["volumeMounts"]
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert mounts == [{"name": volume, "readOnly": True, "mountPath": path}]
    plain = await robot.create(PODS, pod("q", automountServiceAccountToken=False))
    assert "volumes" not in plain["spec"]
    status = fails(await robot.post(PODS, pod("r", serviceAccountName="ghost")), 403, "Forbidden")
    assert status["message"] == (
        'pods "r" is forbidden: error looking up service account default/ghost: '
        'serviceaccount "ghost" not found'
    )


async def test_token_in_a_secret(robot):
    """A Secret of the type is filled; its token dies with it, and it dies with the account."""
    secrets = "/api/v1/namespaces/default/secrets"
    annotations = {"kubernetes.io/service-account.name": "robot"}
    secret = {"metadata": {"name": "t", "annotations": annotations}}
    tokens = []
    for _ in range(2):
        await robot.create(secrets, {**secret, "type": "kubernetes.io/service-account-token"})
        await robot.settled()
        data = (await robot.read(f"{secrets}/t"))["data"]
        content = {key: base64.b64decode(text).decode() for key, text in data.items()}
        assert (content["namespace"], content["ca.crt"]) == ("default", "the CA\n")
        tokens.append(content["token"])
        user = await who(robot, content["token"])
        assert user["username"] == "system:serviceaccount:default:robot"
        if len(tokens) == 1:
            await robot.delete(f"{secrets}/t")
            assert await who(robot, content["token"]) is None
    await robot.delete(f"{ACCOUNTS}/robot")
    await robot.settled()
    assert (await robot.get(f"{secrets}/t")).status_code == 404
