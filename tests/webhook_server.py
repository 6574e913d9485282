"""A webhook over TLS that answers as a test tells it to."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ipaddress
import json
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _certificate(names):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def allow(request, **more):
    """An answer that allows."""
    return review(request, allowed=True, **more)


def deny(request, **status):
    """An answer that refuses."""
    return review(request, allowed=False, **({"status": status} if status else {}))


def patched(request, *operations):
    """An answer that changes the object."""
    patch = base64.b64encode(json.dumps(operations).encode()).decode()
    return allow(request, patch=patch, patchType="JSONPatch")


def review(request, **response):
    """The AdmissionReview around a response."""
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": request["uid"], **response},
    }


def conversion(request, convert, version="v1", **response):
    """The ConversionReview with the objects of a request after ``convert``, one by one."""
    desired = request["desiredAPIVersion"]
    objects = [{**convert(obj, desired), "apiVersion": desired} for obj in request["objects"]]
    return {
        "apiVersion": f"apiextensions.k8s.io/{version}",
        "kind": "ConversionReview",
        "response": {
            "uid": request["uid"],
            "result": {"status": "Success"},
            "convertedObjects": objects,
            **response,
        },
    }


class WebhookServer:
    """Answers by path: ``handlers["/x"]`` gets the request of the review.

    A handler returns the answer as an object, bytes as they are, (status, bytes), or None to end
    the connection without an answer; it may be a coroutine function.
    """

    def __init__(self):
        self.handlers = {}
        self.requests = []  # (path, request) in the order of their coming
        self.reviews = []
        self.heads = []  # request lines and headers
        self.connections = 0
        self._writers = set()

    async def start(self, directory, client_ca=None):
        """Listen on loopback; with the file of an authority clients need its certificates."""
        names = [
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.DNSName("hook.default.svc"),
        ]
        self.ca, key = _certificate(names)
        (directory / "hook.crt").write_bytes(self.ca)
        (directory / "hook.key").write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "hook.crt", directory / "hook.key")
        if client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        """End all connections and listen no more."""
        self.drop_connections()
        self._server.close()
        await self._server.wait_closed()

    def drop_connections(self):
        """End the connections that are open."""
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def ca_bundle(self):
        """The caBundle of a client configuration."""
        return base64.b64encode(self.ca).decode()

    def url(self, path):
        """The URL of a path."""
        return f"https://127.0.0.1:{self.port}{path}"

    def paths(self):
        """Which paths were called, in order."""
        return [path for path, _ in self.requests]

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        path = head.split(" ", 2)[1].partition("?")[0]
        length = next(
            int(line.partition(":")[2])
            for line in head.splitlines()
            if line.lower().startswith("content-length:")
        )
        sent = json.loads(await reader.readexactly(length))
        self.reviews.append(sent)
        self.requests.append((path, sent["request"]))
        answer = self.handlers[path](sent["request"])
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer is None:
            return False
        media_type = "text/plain" if isinstance(answer, tuple) else "application/json"
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        return True
