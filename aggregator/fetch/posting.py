"""Posts a message to an address of the operator's, within the same bounds as a fetch."""

import asyncio
from datetime import timedelta

import httpx

from aggregator.errors import FetchError
from aggregator.fetch.failures import LIBRARY_ERRORS, sentence
from aggregator.fetch.guard import AddressGuard
from aggregator.fetch.request import host_of, parse_url
from aggregator.fetch.transport import Transport

TIMEOUT = timedelta(seconds=20)  # wall clock


async def post(
    transport: Transport, guard: AddressGuard, url: str, body: bytes, *, content_type: str, user_agent: str
) -> None:
    """Post `body`; raises `FetchError` unless it is taken with a 2xx. Redirects are not followed.

    What is answered besides is not read. The error names the host only: the address may be a secret.
    """
    target = parse_url(url)
    deadline = asyncio.timeout(TIMEOUT.total_seconds())
    try:
        async with deadline:
            guard.check_literal(host_of(target))
            headers = {
                "Host": target.netloc.decode("ascii"),
                "User-Agent": user_agent,
                "Content-Type": content_type,
                "Connection": "close",
            }
            request = httpx.Request("POST", target, headers=headers, content=body)
            response = await transport.handle_async_request(request)
            await response.aclose()
    except LIBRARY_ERRORS as exc:
        if deadline.expired():
            raise FetchError(
                f"{host_of(target)} has not answered within {TIMEOUT.total_seconds():g} s"
            ) from exc
        raise FetchError(sentence(exc, target.copy_with(path="/"))) from exc
    if not response.is_success:
        raise FetchError(f"{host_of(target)} answers {response.status_code}")
