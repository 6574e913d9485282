"""Check whether a server behind this one answers as an API server does.

Its addresses are asked at the same time; one that answers is enough. Where all fail, what is told
is that of the first address in order: what does not change is not written again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kapi.aggregator.availability import PASSED, discovery_failure
from kapi.aggregator.remote import RemoteError

if TYPE_CHECKING:
    from kapi.aggregator.availability import Verdict
    from kapi.aggregator.remote import ProxyClient, RemoteVersion
    from kapi.registry.webhook.service_resolver import Address

__all__ = ["check_server"]

# So many addresses are asked, and so long.
_ATTEMPTS = 5
_TIMEOUT_SECONDS = 5.0


async def check_server(client: ProxyClient, remote: RemoteVersion) -> Verdict:
    """What the condition is to say."""
    where = f"https://{remote.host}:{remote.port}{remote.path}"
    try:
        addresses = sorted(set(await client.locate(remote)))[:_ATTEMPTS]
    except RemoteError as error:
        return discovery_failure(where, str(error))
    if len(addresses) == 1:
        return await _attempt(client, remote, addresses[0])
    attempts = [asyncio.ensure_future(_attempt(client, remote, each)) for each in addresses]
    try:
        for finished in asyncio.as_completed(attempts):
            verdict = await finished
            if verdict.available:
                return verdict
        return attempts[0].result()
    finally:
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)


async def _attempt(client: ProxyClient, remote: RemoteVersion, address: Address) -> Verdict:
    path = remote.path
    try:
        origin = client.origin_at(remote, address)
    except RemoteError as error:
        return discovery_failure(f"https://{remote.host}:{remote.port}{path}", str(error))
    try:
        await client.get(remote, path, b"application/json", _TIMEOUT_SECONDS, origin=origin)
    except RemoteError as error:
        return discovery_failure(f"{origin.url}{path}", str(error))
    return PASSED
