"""Kubeconfig: the file that tells kubectl and client libraries where and who.

Implements "Organizing Cluster Access Using kubeconfig Files" for one cluster and one user.
"""

from __future__ import annotations

from base64 import b64encode

__all__ = ["kubeconfig"]

_TEMPLATE = """\
apiVersion: v1
kind: Config
clusters:
- name: kapi
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: kapi
  context:
    cluster: kapi
    user: {user}
current-context: kapi
"""


def kubeconfig(server: str, ca: bytes, user: str, certificate: bytes, key: bytes) -> str:
    """A kubeconfig for a user with a client certificate, all data embedded."""
    return _TEMPLATE.format(
        server=server,
        ca=b64encode(ca).decode("ascii"),
        user=_quoted(user),
        certificate=b64encode(certificate).decode("ascii"),
        key=b64encode(key).decode("ascii"),
    )


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
