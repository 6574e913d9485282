"""Real kapi processes on free ports, ended when their test ends."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import signal
import ssl
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest
from cafe_definition import define_cafes
from kubectl import Kubectl

from kapi.testing import Server

READY_SECONDS = 30
END_SECONDS = 15
KAPI = (sys.executable, "-m", "kapi")


class Kapi:
    """A running ``kapi`` command, with what it printed so far."""

    def __init__(self, words, **options):
        self.process = subprocess.Popen(
            [*KAPI, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def wait_for(self, pattern):
        """Read standard output until a line matches; the match."""
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                match = re.search(pattern, line)
                if match is not None:
                    return match
        finally:
            timer.cancel()
        pytest.fail(f"ended without {pattern!r}: {self.process.stderr.read()}")

    def wait_until_ready(self):
        """Wait for the banner; the URL that is served."""
        url = self.wait_for(r"at (https://\S+),")[1]
        self.wait_for(r"^ready in \d+\.\d\d s")
        return url

    def end(self, number=signal.SIGTERM):
        """Send a signal; exit code and standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=END_SECONDS)
        return self.process.returncode, errors

    def clean_up(self):
        """Leave no process behind, whatever the test did."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def kapi():
    """Start kapi commands: ``kapi("up", "--port=0", ...)``."""
    started = []

    def start(*words, **options):
        started.append(Kapi(words, **options))
        return started[-1]

    yield start
    for each in started:
        each.clean_up()


@pytest.fixture
def kapi_once():
    """Run a kapi command to its end: exit code, standard output, standard error."""

    def run(*words, **options):
        done = subprocess.run(
            [*KAPI, *words],
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
            **options,
        )
        return done.returncode, done.stdout, done.stderr

    return run


class Client:
    """One HTTPS connection that verifies the server."""

    def __init__(self, url, ca_file, *, token="", certificate=None):
        context = ssl.create_default_context(cafile=ca_file)
        if certificate is not None:
            context.load_cert_chain(*certificate)
        address = urlsplit(url)
        self.connection = http.client.HTTPSConnection(
            address.hostname, address.port, context=context, timeout=END_SECONDS
        )
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(self, method, path, body=None, **headers):
        """Send a request; the answer, whose body is to be read."""
        encoded = None if body is None else json.dumps(body)
        more = {"Content-Type": "application/json"} if encoded else {}
        self.connection.request(method, path, encoded, {**self.headers, **more, **headers})
        return self.connection.getresponse()

    def json(self, method, path, body=None, **headers):
        """Send a request; status and parsed body."""
        answer = self.request(method, path, body, **headers)
        return answer.status, json.loads(answer.read())

    def who_am_i(self):
        """The user that the server sees."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        status, answer = self.json(
            "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review
        )
        return answer["status"]["userInfo"] if status == 201 else status


@pytest.fixture
def client():
    """Open connections to a server, closed when the test ends."""
    opened = []

    def connect(url, ca_file, **credentials):
        opened.append(Client(url, ca_file, **credentials))
        return opened[-1]

    yield connect
    for each in opened:
        each.connection.close()


@pytest.fixture(scope="session")
def server():
    """A server for many tests, without controllers: what is there is what was written."""
    with Server("--controllers=none", "--disable-admission-plugins=ServiceAccount") as running:
        yield running


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Where kubectl keeps its cache."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def cafe_server(server, home):
    """The server for many tests, with the definition of cafes."""
    define_cafes(Kubectl(server.kubeconfig, "default", home))
    return server


@pytest.fixture(scope="session")
def new_namespace(server, home):
    """Make namespaces, each with a name of its own."""
    kubectl = Kubectl(server.kubeconfig, "default", home)
    numbers = itertools.count(1)

    def make():
        name = f"test-{next(numbers)}"
        kubectl("create", "namespace", name)
        return name

    return make


@pytest.fixture
def kubectl(server, home, new_namespace):
    """Kubectl in a namespace of the test's own."""
    return Kubectl(server.kubeconfig, new_namespace(), home)
