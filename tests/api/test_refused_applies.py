"""What server-side apply says of bodies that it cannot take."""

from __future__ import annotations

import pytest

PATH = "/api/v1/namespaces/default/configmaps/a"
KIND = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
TYPED = "failed to create typed patch object (/a; /v1, Kind=ConfigMap): "
CONVERTED = (
    "failed to convert new object (/a; /v1, Kind=ConfigMap) to proper version: "
    "unable to convert unstructured object to /v1, Kind=ConfigMap: "
)
MAP = "Go value of type map[string]interface {}"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("", 400, "invalid object type: /, Kind="),
        ("apiVersion: a/b/c\nkind: ConfigMap", 400, "invalid object type: /, Kind="),
        ("apiVersion: 5\nkind: ConfigMap", 400, "invalid object type: /, Kind=ConfigMap"),
        (
            "[]",
            400,
            (
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: "
                f"json: cannot unmarshal array into {MAP}"
            ),
        ),
        (
            "{",
            400,
            (
                "error decoding YAML: error converting YAML to JSON: "
                "yaml: line 1: did not find expected node content"
            ),
        ),
        (
            f"{KIND}zz: 1\naa: 1\n",
            500,
            f"{TYPED}.aa: field not declared in schema",
        ),
        (
            KIND.replace("a}", "a, managedFields: 5}"),
            500,
            f"{TYPED}.metadata.managedFields: expected list, got &{{5}}",
        ),
        (
            KIND.replace("a}", "a, managedFields: [[]]}"),
            500,
            f"{TYPED}.metadata.managedFields[0]: expected map, got &{{[]}}",
        ),
        (
            KIND.replace("a}", "a, generation: 1.5}"),
            500,
            f"{CONVERTED}cannot convert float64 to int64",
        ),
        (
            f"{KIND}binaryData: {{x: '%'}}",
            500,
            f"{CONVERTED}error decoding from json: illegal base64 data at input byte 0",
        ),
    ],
)
async def test_messages(cluster, body: str, code: int, message: str) -> None:
    """Parsing, typing and converting each have their words."""
    answer = await cluster.patch("apply", PATH, body, fieldManager="m")
    assert (answer.status_code, answer.json()["message"]) == (code, message)


async def test_repeated_keys_are_told_last(cluster) -> None:
    """A body that is refused for something else brings no warning about keys that stand twice."""
    body = f"{KIND}data: {{x: a, x: b}}\n"
    strict = await cluster.patch("apply", PATH, body, fieldManager="m", fieldValidation="Strict")
    assert strict.json()["message"] == (
        "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n"
        '  line 4: key "x" already set in map'
    )
    refused = await cluster.patch("apply", PATH, f"{body}aa: 1\n", fieldManager="m")
    assert (refused.status_code, refused.headers.get("warning")) == (500, None)
    warned = await cluster.patch("apply", PATH, body, fieldManager="m")
    assert 'line 4: key \\"x\\" already set in map' in warned.headers["warning"]
