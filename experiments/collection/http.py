"""The one way out to hubs: bounded in time, in bytes and in tries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from experiments.collection import addresses
from experiments.collection.faults import HubFault, PassingFault, quote
from experiments.collection.settings import CollectionSettings

_jitter = wait_random_exponential(multiplier=0.5, max=20)


@dataclass(frozen=True)
class Answer:
    """A 2xx answer with its decoded body; `url` is the address as asked, parameters included."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes


class HubClient:
    """GET with time-outs, a cap on the decoded body, and retries that honour Retry-After.

    Redirects are refused: a hub is called where it was registered, and nowhere else.
    """

    def __init__(self, settings: CollectionSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._client = httpx.Client(
            timeout=httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds),
            follow_redirects=False,
            # Proxies and certificates named in the environment are the operator's for other programs.
            trust_env=False,
            headers={"Accept-Encoding": "gzip"},
        )
        self._retrying = Retrying(
            stop=self._is_over,
            wait=_wait,
            retry=retry_if_exception_type(PassingFault),
            sleep=sleep,
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The answer to GET; HubFault for anything but a complete 2xx."""
        request = self._client.build_request("GET", url, params=params, headers=headers)
        try:
            addresses.check(addresses.parse(url, self._settings.private_hubs), self._settings.private_hubs)
        except addresses.AddressRefused as error:
            raise HubFault(str(error), url=str(request.url)) from None
        return self._retrying(self._once, request)

    def _once(self, request: httpx.Request) -> Answer:
        url = str(request.url)
        try:
            response = self._client.send(request, stream=True)
            try:
                body = self._body(response, url)
            finally:
                response.close()
        except httpx.DecodingError as error:
            raise HubFault(f"the body does not decode: {quote(error)}", url=url) from None
        except httpx.HTTPError as error:
            raise PassingFault(f"{type(error).__name__}: {quote(error)}", url=url) from None
        _check_status(response, body, url)
        return Answer(url, response.status_code, response.headers, body)

    def _body(self, response: httpx.Response, url: str) -> bytes:
        """The decoded body. Stops at the cap, and where a slow hub drips past the deadline."""
        chunks: list[bytes] = []
        size = 0
        deadline = time.monotonic() + self._settings.answer_seconds
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._settings.largest_answer_bytes:
                raise HubFault(f"the body exceeds {self._settings.largest_answer_bytes:,} bytes", url=url)
            if time.monotonic() > deadline:
                raise PassingFault(f"no complete answer in {self._settings.answer_seconds:g} s", url=url)
            chunks.append(chunk)
        return b"".join(chunks)

    def _is_over(self, state: RetryCallState) -> bool:
        asked = _asked_wait(state)
        patience = self._settings.longest_wait_seconds
        return (asked is not None and asked > patience) or stop_after_attempt(self._settings.tries)(state)


def _check_status(response: httpx.Response, body: bytes, url: str) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    words = quote(body[:400].decode("utf-8", "replace"))
    if status == 429 or status >= 500:
        wait = _retry_after(response.headers.get("Retry-After"))
        raise PassingFault(f"HTTP {status}: {words}", url=url, status=status, retry_after_seconds=wait)
    if 300 <= status < 400:
        words = f"a redirect to {quote(response.headers.get('Location', 'nowhere'))} is not followed"
    raise HubFault(f"HTTP {status}: {words}", url=url, status=status)


def _retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, in either of its forms; None where it has no sense."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return min(float(header.strip()), 86_400.0)
    try:
        instant = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return min(max(0.0, (aware - datetime.now(UTC)).total_seconds()), 86_400.0)


def _asked_wait(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after_seconds if isinstance(error, PassingFault) else None


def _wait(state: RetryCallState) -> float:
    asked = _asked_wait(state)
    return _jitter(state) if asked is None else asked
