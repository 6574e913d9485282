"""Requests that OpenAPI allows, made up by schemathesis: whatever comes, the server stands."""

from __future__ import annotations

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from kapi.testing import Server

# Documents with many forms of bodies; a run of all takes minutes.
DOCUMENTS = [
    (37, "apis/policy/v1"),
    (37, "apis/autoscaling/v1"),
    (37, "apis/flowcontrol.apiserver.k8s.io/v1"),
    (37, "apis/resource.k8s.io/v1beta1"),
    (25, "apis/autoscaling/v2beta2"),
    (25, "apis/batch/v1"),
]
ANSWER_SECONDS = 10
EXAMPLES = 2


@pytest.fixture(scope="module")
def session():
    """A connection of an administrator to a server of each minor version."""
    started = {}

    def connect(minor):
        if minor not in started:
            flags = (f"--kubernetes-version=1.{minor}", "--runtime-config=api/all=true")
            server = Server(*flags, "--controllers=none", thread=True)
            server.__enter__()
            opened = requests.Session()
            opened.trust_env = False
            opened.verify = str(server.ca_file)
            opened.headers["Authorization"] = f"Bearer {server.token}"
            started[minor] = (server, opened)
        return started[minor]

    yield connect
    for server, opened in started.values():
        opened.close()
        server.__exit__(None, None, None)


def operations(url, session, document):
    """The operations of a document; the old watch paths only ever stream."""
    raw = session.get(f"{url}/openapi/v3/{document}", timeout=ANSWER_SECONDS).json()
    raw["paths"] = {path: item for path, item in raw["paths"].items() if "/watch/" not in path}
    for found in schemathesis.openapi.from_dict(raw).get_all_operations():
        yield found.ok()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("minor", "document"), DOCUMENTS)
def test_no_request_breaks_the_server(session, minor, document):
    """Every operation answers made-up parameters and bodies, and none with an error of ours."""
    server, connection = session(minor)
    answers = []

    def ask(case):
        if case.query:
            case.query.pop("watch", None)
        answer = case.call(
            base_url=server.url,
            session=connection,
            verify=str(server.ca_file),
            timeout=ANSWER_SECONDS,
        )
        answers.append(answer.status_code)
        assert answer.status_code < 500, (case.method, case.path, case.query, answer.text)

    for operation in operations(server.url, connection, document):
        run = settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(operation.as_strategy())(ask))
        run()
    assert answers
