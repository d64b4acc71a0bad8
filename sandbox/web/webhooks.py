"""An office's webhooks: open, test, read the log, send again, close."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.db import db
from sandbox.web import complaints, forms, webhook_words
from sandbox.web.rim import actor, now, seal
from sandbox.webhooks import desk
from sandbox.webhooks.desk import EndpointSchema

pages = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@pages.get("")
def index() -> ResponseReturnValue:
    return _index(forms.Sent(request.form))


@pages.post("")
def open_endpoint() -> ResponseReturnValue:
    """Open an address; the answer shows its secret, this once."""
    sent = forms.Sent(request.form)
    try:
        values = load(EndpointSchema(), {"url": sent.one("url"), "events": sent.many("events")})
        opened = desk.open_endpoint(
            db.session, **values, private_hubs=_private_hubs(), seal=seal(), by=actor(), at=now()
        )
    except Invalid as error:
        # Which of the boxes was wrong is one box to the reader.
        sent.refuse(Invalid({field.partition(".")[0]: texts for field, texts in error.errors.items()}))
        return _index(sent)
    return _endpoint(opened.endpoint, secret=opened.secret), 201


@pages.get("/<key:endpoint_id>")
def endpoint(endpoint_id: int) -> ResponseReturnValue:
    """One address with the log of its deliveries."""
    return _endpoint(desk.find(db.session, endpoint_id, actor()))


@pages.post("/<key:endpoint_id>/test")
def test(endpoint_id: int) -> ResponseReturnValue:
    desk.send_test(db.session, desk.find(db.session, endpoint_id, actor()), by=actor(), at=now())
    flash(gettext("A test is on its way; its answer will stand in the log."), "success")
    return redirect(url_for("webhooks.endpoint", endpoint_id=endpoint_id), 303)


@pages.post("/<key:endpoint_id>/remove")
def remove(endpoint_id: int) -> ResponseReturnValue:
    desk.remove(db.session, desk.find(db.session, endpoint_id, actor()), by=actor(), at=now())
    flash(gettext("The webhook is closed."), "success")
    return redirect(url_for("webhooks.index"), 303)


@pages.post("/<key:endpoint_id>/deliveries/<key:delivery_id>")
def resend(endpoint_id: int, delivery_id: int) -> ResponseReturnValue:
    """Send a delivery once more."""
    found = desk.find(db.session, endpoint_id, actor())
    delivery = desk.delivery_of(db.session, found, delivery_id)
    desk.resend(db.session, delivery, by=actor(), at=now())
    flash(gettext("The delivery is sent again."), "success")
    return redirect(url_for("webhooks.endpoint", endpoint_id=endpoint_id), 303)


def _private_hubs() -> tuple[str, ...]:
    hubs: tuple[str, ...] = current_app.settings.private_hubs  # type: ignore[attr-defined]
    return hubs


def _index(sent: forms.Sent) -> ResponseReturnValue:
    page = render_template(
        "webhooks/index.html",
        endpoints=desk.endpoints(db.session, actor()),
        events=webhook_words.events(),
        ends=webhook_words.ENDS,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={"url": gettext("Address"), "events": gettext("Events")},
    )
    return page, 422 if sent.errors else 200


def _endpoint(found: Any, *, secret: str | None = None) -> str:
    return render_template(
        "webhooks/endpoint.html",
        endpoint=found,
        secret=secret,
        deliveries=desk.deliveries(db.session, found),
        statuses=webhook_words.STATUSES,
        ends=webhook_words.ENDS,
    )
