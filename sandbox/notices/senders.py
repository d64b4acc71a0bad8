"""Ways out for mail: an SMTP server, a folder of files, or the console."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

Sender = Callable[[EmailMessage], None]

TIMEOUT_SECONDS = 20

log = logging.getLogger(__name__)


class NotSent(Exception):
    """A mail was not taken; the message says why, without passwords."""


def sender_of(address: str) -> Sender:
    """The way out that `address` names; ValueError where it names none.

    console                        to the log
    file:FOLDER                    one file each, `.eml`
    smtp://user:password@host:587  with STARTTLS where the server offers it, required with a password
    smtps://user:password@host     over TLS from the first byte
    """
    if address == "console":
        return _to_the_log
    if address.startswith("file:") and len(address) > len("file:"):
        return _into(Path(address.removeprefix("file:")))
    parts = urlsplit(address)
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return _by_smtp(
            parts.hostname,
            parts.port or (465 if parts.scheme == "smtps" else 587),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls_first=parts.scheme == "smtps",
        )
    raise ValueError("use console, file:FOLDER, smtp://… or smtps://…")


def _to_the_log(message: EmailMessage) -> None:
    log.info("mail to %s: %s\n%s", message["To"], message["Subject"], message.get_content())


def _into(folder: Path) -> Sender:
    def send(message: EmailMessage) -> None:
        name = message["Message-ID"].strip("<>").partition("@")[0]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Written beside and moved: whoever reads the folder sees whole mails.
            unfinished = folder / f".{name}.part"
            unfinished.write_bytes(message.as_bytes())
            unfinished.replace(folder / f"{name}.eml")
        except OSError as error:
            raise NotSent(f"{error.strerror}: {error.filename}") from error

    return send


def _by_smtp(host: str, port: int, *, user: str, password: str, tls_first: bool) -> Sender:
    def send(message: EmailMessage) -> None:
        try:
            with _connect(host, port, tls_first) as server:
                if not tls_first and server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo()
                elif not tls_first and user:
                    raise NotSent(f"{host} offers no STARTTLS, and a password is not sent in the clear")
                if user:
                    server.login(user, password)
                server.send_message(message)
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent(f"{host} refused the user or password (code {error.smtp_code})") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"{host}: {type(error).__name__}: {error}") from error

    return send


def _connect(host: str, port: int, tls_first: bool) -> smtplib.SMTP:
    if tls_first:
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    server.ehlo()
    return server
