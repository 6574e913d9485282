"""Servers for tests: start one, talk to it with any client, and it is gone.

    from kapi.testing import Server

    with Server("--kubernetes-version=1.36") as server:
        client = make_client(server.url, server.token, server.ca_file)

``kapi.testing.fixtures`` offers the same as pytest fixtures.
"""

from kapi.testing.server import Server

__all__ = ["Server"]
