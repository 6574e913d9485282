"""What a delete request may carry as its options, and what is said of anything else."""

from __future__ import annotations

import pytest

MAP = "/api/v1/namespaces/default/configmaps/a"
NO_OBJECT = (
    "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type "
    'struct {{ APIVersion string "json:\\"apiVersion,omitempty\\""; '
    'Kind string "json:\\"kind,omitempty\\"" }}'
)
UNKNOWN = (
    'no kind "{}" is registered for version "{}" in scheme '
    '"pkg/apis/meta/internalversion/scheme/register.go:27"'
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", NO_OBJECT.format("array")),
        (b"5", NO_OBJECT.format("number")),
        (
            b"{bad",
            (
                "couldn't get version/kind; json parse error: invalid character 'b' looking for "
                "beginning of object key string"
            ),
        ),
        (
            b'{"kind":5}',
            (
                "couldn't get version/kind; json parse error: json: cannot unmarshal number into "
                "Go struct field .kind of type string"
            ),
        ),
        (b'{"kind":"Pod","apiVersion":"v1"}', UNKNOWN.format("Pod", "v1")),
        (b'{"kind":"Pod"}', UNKNOWN.format("Pod", "meta.k8s.io/v1")),
        (b'{"apiVersion":"a/b/c"}', "unexpected GroupVersion string: a/b/c"),
        (
            b'{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"}',
            "converting (v1.CreateOptions) to (v1.DeleteOptions): unknown conversion",
        ),
        (
            b'{"preconditions":5}',
            (
                "json: cannot unmarshal number into Go struct field DeleteOptions.preconditions of "
                "type v1.Preconditions"
            ),
        ),
        (
            b'{"preconditions":{"uid":5}}',
            (
                "json: cannot unmarshal number into Go struct field "
                "Preconditions.preconditions.uid of type types.UID"
            ),
        ),
        (
            b'{"dryRun":[5]}',
            (
                "json: cannot unmarshal number into Go struct field DeleteOptions.dryRun of type "
                "string"
            ),
        ),
    ],
)
async def test_what_is_no_delete_options(cluster, config_map, fails, body, message):
    """It is a bad request that says why, and nothing is deleted."""
    await cluster.create("/api/v1/namespaces/default/configmaps", config_map("a"))
    headers = {"Content-Type": "application/json"}
    answer = await cluster.http.request("DELETE", MAP, content=body, headers=headers)
    fails(answer, 400, "BadRequest", message)
    assert (await cluster.get(MAP)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b'{"unknown":1}',
        b'{"kind":"DeleteOptions","apiVersion":"v9"}',
        b'{"apiVersion":"apps/v1","gracePeriodSeconds":0}',
    ],
)
async def test_lenient_options(cluster, config_map, body):
    """Any version is taken for the one there is, and what is not known is passed over."""
    await cluster.create("/api/v1/namespaces/default/configmaps", config_map("a"))
    headers = {"Content-Type": "application/json"}
    answer = await cluster.http.request("DELETE", MAP, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
