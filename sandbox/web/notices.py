"""A person's inbox and how they want to be told; the delivery log for the administrator."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.db import db
from sandbox.notices import outbox, post
from sandbox.notices.cases import named
from sandbox.notices.models import MailMode, Notice
from sandbox.notices.outbox import SettingsSchema
from sandbox.notices.texts import text
from sandbox.web import complaints, forms
from sandbox.web.filters import language
from sandbox.web.rim import actor, now

pages = Blueprint("notices", __name__, url_prefix="/inbox")

_ = lazy_gettext

MODES = {
    MailMode.EACH: _("As they come"),
    MailMode.DAILY: _("Once a day, at nine in the morning"),
    MailMode.NONE: _("Not by e-mail; here alone"),
}
MAIL_STATUSES: dict[str, tuple[Any, str]] = {
    "queued": (_("Waiting"), "information"),
    "sending": (_("Being sent"), "progress"),
    "sent": (_("Sent"), "success"),
    "given_up": (_("Given up"), "danger"),
}
LABELS = {"mail": _("By e-mail"), "language": _("Language of e-mails"), "reminder_days": _("Reminders")}


@pages.get("")
def inbox() -> ResponseReturnValue:
    return _inbox(_sent())


@pages.post("/seen")
def see() -> ResponseReturnValue:
    """One notice, or all of them, have been seen."""
    outbox.see(db.session, by=actor(), at=now(), notice_id=request.form.get("notice", type=int))
    return redirect(url_for("notices.inbox"), 303)


@pages.post("/settings")
def settings() -> ResponseReturnValue:
    """How this person wants to be told from now on."""
    sent = _sent()
    try:
        days = [part for part in sent.one("reminder_days").replace(",", " ").split() if part]
        values = load(
            SettingsSchema(),
            {"mail": sent.one("mail"), "language": sent.one("language"), "reminder_days": days},
        )
        outbox.wish(db.session, **values, by=actor())
        flash(gettext("The settings are saved."), "success")
        return redirect(url_for("notices.inbox"), 303)
    except Invalid as error:
        # The days are one box to the reader, however many of them are wrong.
        sent.refuse(Invalid({field.partition(".")[0]: texts for field, texts in error.errors.items()}))
        return _inbox(sent)


@pages.get("/deliveries")
def deliveries() -> ResponseReturnValue:
    """Which mails went out, which wait, and why some did not."""
    return render_template("notices/deliveries.html", mails=post.mails(db.session), statuses=MAIL_STATUSES)


def _sent() -> forms.Sent:
    wishes = outbox.wishes_of(db.session, actor().person_id or 0)
    days = ", ".join(str(day) for day in wishes.reminder_days)
    initial = {"mail": wishes.mail.value, "language": wishes.language, "reminder_days": days}
    return forms.Sent(request.form, initial)


def _inbox(sent: forms.Sent) -> ResponseReturnValue:
    found = outbox.inbox(db.session, actor().person_id or 0)
    errors = complaints.translated(sent.errors)
    page = render_template(
        "notices/inbox.html",
        notices=[(notice, *_said(notice, cases)) for cases in [_cases(found)] for notice in found],
        modes=[(mode.value, str(label)) for mode, label in MODES.items()],
        sent=sent,
        errors=errors,
        labels={name: str(label) for name, label in LABELS.items()},
    )
    return page, 422 if sent.errors else 200


def _cases(found: list[Notice]) -> dict[str, Any]:
    return named(db.session, {notice.subject for notice in found})


def _said(notice: Notice, cases: dict[str, Any]) -> tuple[str, str | None]:
    """What a notice says in the reader's language, and where it leads."""
    case = cases.get(notice.subject)
    name = case.in_language(language()) if case else notice.subject
    return text(notice.code, language(), case=name, facts=notice.facts), case.path if case else None
