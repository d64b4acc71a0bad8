"""Certificates and notices on pages, on paper and as files; the gazette, its feed, and verification."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from experiments.canonical import digest
from experiments.errors import Invalid, NotFound
from sandbox import access
from sandbox.db import db
from sandbox.documents import OfficialDocument, find, is_as_issued, standing, zones
from sandbox.documents.gazette import gazette as notices_of
from sandbox.documents.issue import lacking
from sandbox.documents.pdf import NoPdf, is_available, pdf
from sandbox.documents.standing import documents_of
from sandbox.exemptions.table import BEFORE_DECISION
from sandbox.pilots import file as cases
from sandbox.programmes.models import Site
from sandbox.regimes import regime
from sandbox.web import complaints, document_words, forms
from sandbox.web.filters import language, pick
from sandbox.web.rim import actor, actor_or_none, now, today

pages = Blueprint("documents", __name__)

LARGEST_PASTE = 200_000


@pages.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "number_of": document_words.number,
        "day_in_words": document_words.day_in_words,
        "words_of": document_words.standing,
        "sentence_of": document_words.sentence,
    }


@pages.get("/gazette")
def gazette() -> ResponseReturnValue:
    """The notices of a year."""
    listing = notices_of(
        db.session,
        year=request.args.get("year", type=int),
        page=request.args.get("page", 1, type=int),
    )
    rows = [(each, each.contents() if each.is_whole else None) for each in listing.notices]
    may_publish = access.decider(actor_or_none())
    return render_template("documents/gazette.html", listing=listing, rows=rows, may_publish=may_publish)


@pages.route("/gazette/zone", methods=["GET", "POST"])
def zone() -> ResponseReturnValue:
    """The Minister's decider publishes the notice of a growth zone."""
    form = zones.form_of(regime(zones.REGIME))
    asked = zones.asked(form)
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            typed = {field.id: sent.one(f"document.{field.id}") for field in asked}
            published = zones.publish(db.session, _site(sent.one("site")), typed, by=actor(), at=now())
            flash(gettext("The notice is published."), "success")
            return redirect(url_for("documents.document", sha256=published.sha256), 303)
        except Invalid as error:
            db.session.rollback()
            sent.refuse(error)
    page = render_template(
        "documents/zone.html",
        form=form,
        asked=asked,
        days=zones.DAYS,
        sent=sent,
        sites=[(each.territory.code, pick(each.territory, "name")) for each in _sites()],
        errors=complaints.translated(sent.errors),
        labels={"site": gettext("Site")} | {f"document.{each.id}": pick(each, "name") for each in asked},
    )
    return page, 422 if sent.errors else 200


@pages.get("/gazette.atom")
def feed() -> ResponseReturnValue:
    """The latest notices as an Atom feed."""
    rows = [(each, each.contents()) for each in notices_of(db.session).notices if each.is_whole]
    updated = max((each.issued_at for each, _ in rows), default=datetime.fromtimestamp(0, UTC))
    body = render_template("documents/gazette.atom", rows=rows, updated=_iso(updated), iso=_iso)
    return Response(body, mimetype="application/atom+xml")


@pages.get("/documents/<sha256>")
def document(sha256: str) -> ResponseReturnValue:
    """One document as it was issued, and what it counts for today."""
    found = find(db.session, sha256)
    if not is_as_issued(db.session, found):
        return _changed(found)
    return render_template(
        "documents/document.html",
        document=found,
        contents=found.contents(),
        standing=standing(db.session, found, today=today()),
        can_make_pdf=is_available(),
    )


@pages.get("/documents/<sha256>.json")
def file(sha256: str) -> ResponseReturnValue:
    """The document byte for byte as its SHA-256 covers it."""
    found = find(db.session, sha256)
    if not is_as_issued(db.session, found):
        return _changed(found)
    return Response(
        found.document,
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{_name(found)}.json"'},
    )


@pages.get("/documents/<sha256>.pdf")
def sheet(sha256: str) -> ResponseReturnValue:
    """The document on paper, in the reader's language."""
    found = find(db.session, sha256)
    if not is_as_issued(db.session, found):
        return _changed(found)
    html = render_template(
        "documents/sheet.html",
        document=found,
        contents=found.contents(),
        language=language(),
        address=url_for("documents.document", sha256=found.sha256, _external=True),
        created=_iso(found.issued_at),
    )
    return on_paper(html, _name(found))


@pages.route("/documents/verify", methods=["GET", "POST"])
def verify() -> ResponseReturnValue:
    """Whether a hash or a file belongs to a document as it was issued."""
    typed = request.form.get("content", request.args.get("sha256", ""))[:LARGEST_PASTE].strip()
    looked_for = digest(typed) if typed.startswith("{") else typed
    try:
        found = find(db.session, looked_for) if typed else None
    except NotFound:
        found = None
    return render_template(
        "documents/verify.html",
        typed=typed,
        asked=bool(typed),
        looked_for=looked_for[:64],
        found=found,
        is_changed=found is not None and not is_as_issued(db.session, found),
        standing=standing(db.session, found, today=today()) if found else None,
    )


@pages.get("/cases/<number>/documents")
def room(number: str) -> ResponseReturnValue:
    """The documents of a case, and what the certificate would lack."""
    pilot = cases.find(db.session, number, actor())
    issued = documents_of(db.session, pilot)
    is_open = pilot.exemption.status in BEFORE_DECISION
    return render_template(
        "documents/room.html",
        pilot=pilot,
        rows=[
            (each, each.contents() if each.is_whole else None, standing(db.session, each, today=today()))
            for each in issued
        ],
        missing=lacking(pilot, "approve", at=now()) if is_open else (),
    )


def _sites() -> list[Site]:
    return sorted(db.session.scalars(select(Site)), key=lambda site: site.territory.code)


def _changed(found: OfficialDocument) -> ResponseReturnValue:
    """What the register keeps is not what was issued: that is said, and nothing of it is handed out."""
    return render_template("documents/changed.html", document=found), 409


def _site(code: str) -> Site:
    for site in _sites():
        if site.territory.code == code:
            return site
    raise Invalid({"site": ["Choose a site."]})


def on_paper(html: str, name: str) -> ResponseReturnValue:
    """`html` as a PDF to be saved under `name`; where no PDF can be made, a page that says so."""
    try:
        made = pdf(html)
    except NoPdf:
        why = gettext("This installation cannot make PDFs because the Pango library is missing.")
        return render_template("documents/no_pdf.html", why=why), 503
    return Response(
        made,
        mimetype="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{name}.pdf"',
            "Cache-Control": "private, no-cache",
        },
    )


def _name(found: OfficialDocument) -> str:
    return f"{found.kind}-{found.number}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
