"""The files of an application: the list, the form that adds one, and the files themselves."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.http import dump_options_header

from experiments.errors import Invalid
from sandbox.db import db
from sandbox.exemptions import files
from sandbox.exemptions.files import OPEN_FOR_FILES, OTHER
from sandbox.exemptions.table import author_of_the_company, missing_files
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.web import complaints, forms
from sandbox.web.filters import pick
from sandbox.web.rim import actor, file_store, now

pages = Blueprint("attachments", __name__, url_prefix="/cases/<number>/files")


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    return _page(file.find(db.session, number, actor()), {})


@pages.post("")
def attach(number: str) -> ResponseReturnValue:
    """One more file; what is wrong with it is told beside the form."""
    pilot = file.find(db.session, number, actor())
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid({"file": ["Choose a file."]})
        files.attach(
            db.session,
            file_store(),
            pilot.exemption,
            kind=request.form.get("kind", ""),
            name=sent.filename,
            body=sent.stream.read(files.LARGEST_FILE_BYTES + 1),
            by=actor(),
            at=now(),
        )
    except Invalid as error:
        db.session.rollback()
        return _page(file.find(db.session, number, actor()), complaints.translated(error.errors))
    flash(gettext("The file is attached."), "success")
    return redirect(url_for("attachments.index", number=number), 303)


@pages.get("/<key:attachment_id>")
def read(number: str, attachment_id: int) -> ResponseReturnValue:
    """The file as a download; no browser is to open or guess what somebody else sent."""
    pilot = file.find(db.session, number, actor())
    found = files.find(pilot.exemption, attachment_id)
    answer = Response(file_store().read(found.sha256), mimetype=found.media_type)
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": found.name})
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@pages.post("/<key:attachment_id>/remove")
def remove(number: str, attachment_id: int) -> ResponseReturnValue:
    """Take a file back before the application is filed."""
    pilot = file.find(db.session, number, actor())
    found = files.find(pilot.exemption, attachment_id)
    try:
        why = forms.reason(request.form)
        files.detach(db.session, pilot.exemption, found, by=actor(), at=now(), reason=why)
    except Invalid as error:
        db.session.rollback()
        return _page(file.find(db.session, number, actor()), complaints.translated(error.errors))
    flash(gettext("The file is taken back."), "success")
    return redirect(url_for("attachments.index", number=number), 303)


def _page(pilot: Pilot, errors: dict[str, list[str]]) -> ResponseReturnValue:
    exemption = pilot.exemption
    asked = exemption.regime.files_asked_of(exemption.kind)
    names = {item.id: pick(item, "name") for item in exemption.regime.attachments}
    names[OTHER] = gettext("Other file")
    missing = set(missing_files(exemption))
    context: dict[str, Any] = {
        "pilot": pilot,
        "asked": [(item, item.id not in missing) for item in asked],
        "names": names,
        "kinds": [(item.id, names[item.id]) for item in asked] + [(OTHER, names[OTHER])],
        "may_attach": author_of_the_company(actor(), exemption) and exemption.status in OPEN_FOR_FILES,
        "may_remove": author_of_the_company(actor(), exemption) and exemption.status in files.BEFORE_FILING,
        "chosen": request.form.get("kind", ""),
        "errors": errors,
        "labels": {"file": gettext("File"), "kind": gettext("What it is"), "reason": gettext("Reason")},
    }
    return render_template("cases/files.html", **context), 422 if errors else 200
