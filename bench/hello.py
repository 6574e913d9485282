"""The floor: uvicorn with TLS answering hello, and nothing else. Arguments: certificate, key."""

from __future__ import annotations

import socket
import sys
from typing import Any

import uvicorn

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")],
}
_BODY = {"type": "http.response.body", "body": b"hello"}


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer every request alike, after its body was read."""
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send(_BODY)


def main() -> None:
    """Serve on a free port, which is printed."""
    endpoint = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        hello,
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ssl_certfile=sys.argv[1],
        ssl_keyfile=sys.argv[2],
    )
    print(f"https://127.0.0.1:{endpoint.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[endpoint])


main()
