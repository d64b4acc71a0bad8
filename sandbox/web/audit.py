"""The ledger as the auditor reads it: what was done, and whether the record still holds together."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from sandbox import ledger as record
from sandbox.audit import findings
from sandbox.db import db
from sandbox.web import ledger_words

pages = Blueprint("audit", __name__, url_prefix="/ledger")


@pages.get("")
def ledger() -> ResponseReturnValue:
    query = request.args.to_dict()
    page = record.search(
        db.session,
        subject=query.get("subject", "").strip(),
        act=query.get("act", ""),
        page=request.args.get("page", 1, type=int),
    )
    acts = [(act, f"{ledger_words.act(act)} ({act})") for act in record.acts(db.session)]
    verdict = record.verify(db.session)
    return render_template(
        "audit/ledger.html",
        page=page,
        acts=acts,
        verdict=verdict,
        findings=findings(db.session),
        query=query,
        ledger_words=ledger_words,
    )
