"""The one way out to hubs: checked addresses, bounded in time, in bytes and in tries, and discreet."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import Self

import httpx
import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from experiments.collection import addresses, deadlines
from experiments.collection.bodies import read_body
from experiments.collection.credentials import (
    Credentials,
    CredentialsUnreadable,
    Kind,
    Vault,
    hide,
    hide_in_body,
)
from experiments.collection.faults import HubFault, PassingFault, quote
from experiments.collection.limits import HubMemory, Kept
from experiments.collection.pinned import PinnedTransport
from experiments.collection.settings import CollectionSettings

_jitter = wait_random_exponential(multiplier=0.5, max=20)
_LONGEST_TOKEN_BYTES = 64 * 1024
# Secrets go before a quotation is cut, or half of one could stay at its edge.
_QUOTED_FROM = 32 * 1024
_USUAL_TOKEN_SECONDS = 300.0


@dataclass(frozen=True)
class Answer:
    """A 2xx answer with its decoded body; `url` is the address as asked, parameters included.

    What the credentials of the hub add to the address is not in it. `unchanged`: the hub said (304) that
    the body is still the one it sent before.
    """

    url: str
    status: int
    headers: httpx.Headers
    body: bytes
    unchanged: bool = False


Get = Callable[[str, Mapping[str, str], Mapping[str, str]], Answer]
"""(address, parameters, headers) -> answer: what a connector is given."""


@dataclass(frozen=True)
class Access:
    """How one hub may be called: where, as whom (sealed credentials), and how often by one worker."""

    hub_id: int
    base_url: str
    sealed: str | None = field(default=None, repr=False)
    requests_per_minute: int | None = None


@dataclass(frozen=True)
class _Call:
    """One question with all that repeating it needs; `shown` is its address without secrets, `key` what
    tells it from every other."""

    url: httpx.URL
    headers: Mapping[str, str]
    access: Access | None
    credentials: Credentials | None
    shown: str
    key: tuple[str, ...]


class HubClient:
    """GET with time-outs, caps on the body, retries that honour Retry-After, and a hub's credentials.
    One question with all its retries ends in time, however a hub drips.

    Redirects are refused: a hub is called where it was registered, and nowhere else. Nothing is logged,
    no cookie is kept, and no secret stands in a fault, an answer or its address. A hub that offers
    validators is asked whether its answer is still the same. `memory` outlives the client.
    """

    def __init__(
        self,
        settings: CollectionSettings,
        *,
        memory: HubMemory | None = None,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._memory = memory or HubMemory()
        self._sleep = sleep
        self._vault = Vault(settings.credential_keys)
        self._transport = transport or PinnedTransport(settings.private_hubs)
        self._timeout = httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds).as_dict()
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
        self._transport.close()

    def get(
        self,
        url: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        access: Access | None = None,
    ) -> Answer:
        """The answer to GET; HubFault for anything but a complete 2xx.

        With `access` the address must be of the hub's own scheme, host and port.
        """
        call = self._call(url, params, headers, access)
        with deadlines.within(self._settings.answer_seconds):
            return self._retrying(self._once, call)

    def _call(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str], access: Access | None
    ) -> _Call:
        credentials = self._credentials(access)
        secrets = credentials.secrets() if credentials else ()
        try:
            address = addresses.parse(_with(url, params), self._settings.private_hubs)
        except addresses.AddressRefused as error:
            raise HubFault(hide(str(error), secrets), url=hide(url, secrets)) from None
        written = str(address)
        shown = hide(written, secrets)
        if access is not None and _origin(address) != _origin_of(access.base_url):
            raise HubFault("the address is not the hub's own", url=shown)
        hub = (str(access.hub_id), access.sealed or "") if access else ()
        key = (*hub, written, *(f"{name}: {value}" for name, value in sorted(headers.items())))
        return _Call(address, headers, access, credentials, shown, key)

    def _credentials(self, access: Access | None) -> Credentials | None:
        if access is None or access.sealed is None:
            return None
        try:
            return self._vault.open(access.sealed)
        except CredentialsUnreadable as error:
            raise HubFault(str(error), url=access.base_url) from None

    def _once(self, call: _Call) -> Answer:
        kept = self._memory.answer(call.key)
        asked = {**call.headers, **(kept.questions() if kept else {})}
        url = call.url
        if call.credentials is not None:
            more = call.credentials.params()
            url = url.copy_merge_params(more) if more else url
            asked |= call.credentials.headers(self._token(call))
        self._await_turn(call.access)
        response, body = self._send("GET", url, asked, call.shown)
        if response.status_code == httpx.codes.NOT_MODIFIED and kept is not None:
            return Answer(call.shown, kept.status, kept.headers, kept.body, unchanged=True)
        self._check_status(response, body, call)
        body = hide_in_body(body, self._secrets(call))
        self._memory.keep_answer(call.key, Kept(response.status_code, response.headers, body))
        return Answer(call.shown, response.status_code, response.headers, body)

    def _send(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], shown: str, form: bytes | None = None
    ) -> tuple[httpx.Response, bytes]:
        request = httpx.Request(
            method,
            url,
            headers={"User-Agent": "living-sandbox", "Accept-Encoding": "gzip", **headers},
            content=form,
            extensions={"timeout": self._timeout},
        )
        try:
            response = self._transport.handle_request(request)
            try:
                return response, read_body(response, self._settings, url=shown)
            finally:
                response.close()
        except addresses.AddressRefused as error:
            raise HubFault(str(error), url=shown) from None
        except httpx.HTTPError as error:
            if _is_about_certificate(error):
                raise HubFault(f"the certificate is not valid: {quote(error)}", url=shown) from None
            if deadlines.left() <= 0:
                reason = f"no complete answer in {self._settings.answer_seconds:g} s"
                raise PassingFault(reason, url=shown) from None
            raise PassingFault(f"{type(error).__name__}: {quote(error)}", url=shown) from None

    def _await_turn(self, access: Access | None) -> None:
        if access is None or access.requests_per_minute is None:
            return
        if seconds := self._memory.turn(access.hub_id, access.requests_per_minute):
            deadlines.extend(seconds)
            self._sleep(seconds)

    def _token(self, call: _Call) -> str | None:
        """The bearer token for the call's client, from memory or asked for (RFC 6749, section 4.4.2)."""
        client, access = call.credentials, call.access
        if client is None or access is None or access.sealed is None:
            return None
        if client.kind is not Kind.CLIENT_CREDENTIALS or client.token_url is None:
            return None
        if token := self._memory.token(access.sealed):
            return token
        try:
            address = addresses.parse(client.token_url, self._settings.private_hubs)
        except addresses.AddressRefused as error:
            raise HubFault(str(error), url=client.token_url) from None
        form = {"grant_type": "client_credentials", "client_id": client.name, "client_secret": client.secret}
        form |= {"scope": client.scope} if client.scope else {}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        content = str(httpx.QueryParams(form)).encode()
        response, body = self._send("POST", address, headers, client.token_url, content)
        self._check_status(response, body, call, asked_at=client.token_url)
        token, lasts = _read_token(body, client.token_url)
        self._memory.keep_token(access.sealed, token, lasts)
        return token

    def _check_status(
        self, response: httpx.Response, body: bytes, call: _Call, asked_at: str | None = None
    ) -> None:
        status, url = response.status_code, asked_at or call.shown
        if 200 <= status < 300:
            return
        secrets = self._secrets(call)
        words = quote(hide(body[:_QUOTED_FROM].decode("utf-8", "replace"), secrets))
        if status == 429 or status >= 500:
            wait = _retry_after(response.headers.get("Retry-After"))
            raise PassingFault(f"HTTP {status}: {words}", url=url, status=status, retry_after_seconds=wait)
        if status == 401 and asked_at is None and self._gives_up_token(call):
            raise PassingFault(f"HTTP 401: {words}", url=url, status=status)
        if 300 <= status < 400:
            target = hide(response.headers.get("Location", "nowhere"), secrets)
            words = f"a redirect to {quote(target)} is not followed"
        raise HubFault(f"HTTP {status}: {words}", url=url, status=status)

    def _secrets(self, call: _Call) -> tuple[str, ...]:
        """What the hub must not have repeated: its credentials, and the tokens got for them."""
        if call.credentials is None or call.access is None:
            return ()
        return *call.credentials.secrets(), *self._memory.given(call.access.sealed)

    def _gives_up_token(self, call: _Call) -> bool:
        """Whether the hub refused a token, which a new one may mend."""
        sealed = call.access.sealed if call.access else None
        if sealed is None or self._memory.token(sealed) is None:
            return False
        self._memory.forget_token(sealed)
        return True

    def _is_over(self, state: RetryCallState) -> bool:
        asked = _asked_wait(state)
        patience = self._settings.longest_wait_seconds
        if (asked is not None and asked > patience) or state.upcoming_sleep >= deadlines.left():
            return True
        return stop_after_attempt(self._settings.tries)(state)


def _with(url: str, params: Mapping[str, str]) -> str:
    """`url` with `params` added to those that it has, or in their place."""
    if not params:
        return url
    if "?" not in url and "#" not in url:
        # The usual case, in which the address need not be taken apart twice.
        return f"{url}?{httpx.QueryParams(dict(params))}"
    try:
        return str(httpx.URL(url).copy_merge_params(dict(params)))
    except (httpx.InvalidURL, ValueError):
        return url  # which is refused for what it is


@lru_cache(maxsize=1024)
def _origin_of(url: str) -> tuple[str, str, int]:
    return _origin(httpx.URL(url))


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, addresses.port_of(url)


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _read_token(body: bytes, url: str) -> tuple[str, float]:
    """The token and how many seconds it lasts."""
    try:
        told = orjson.loads(body) if len(body) <= _LONGEST_TOKEN_BYTES else None
    except orjson.JSONDecodeError:
        told = None
    token = told.get("access_token") if isinstance(told, dict) else None
    if (
        not isinstance(told, dict)
        or not isinstance(token, str)
        or not (token.isascii() and token.isprintable())
    ):
        raise HubFault("an access_token was expected", url=url, path="$.access_token")
    lasts = told.get("expires_in")
    return token, float(lasts) if isinstance(lasts, int | float) else _USUAL_TOKEN_SECONDS


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
