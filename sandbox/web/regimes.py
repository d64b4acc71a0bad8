"""Regimes as the public reads them: one law whole, with what was not checked, and all of its versions."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from experiments.errors import NotFound
from sandbox.regimes import Regime, regime, regimes
from sandbox.web import clock_words
from sandbox.web.filters import pick

_ = lazy_gettext

SHARES = {
    "majority": _("more than half"),
    "half": _("at least half"),
    "two_thirds": _("at least two thirds"),
}

pages = Blueprint("regimes", __name__, url_prefix="/regimes")


@dataclass(frozen=True)
class Row:
    """One thing of a regime: its place in the file, what it is called, its provision and a word on it."""

    about: str
    name: str
    source: str
    remark: str


@dataclass(frozen=True)
class Part:
    """One list of a regime, its place in the file and what it is called."""

    about: str
    title: str
    rows: tuple[Row, ...]


@pages.get("")
def index() -> ResponseReturnValue:
    """The newest version of every regime."""
    return render_template("regimes/index.html", laws={law.id: law for law in regimes()}.values())


@pages.get("/<key>")
def newest(key: str) -> ResponseReturnValue:
    return _page(regime(key))


@pages.get("/<key>/<version>")
def version(key: str, version: str) -> ResponseReturnValue:
    return _page(regime(key, version))


def _page(law: Regime) -> str:
    if law not in regimes():
        raise NotFound("regime", law.id)
    return render_template(
        "regimes/regime.html",
        law=law,
        versions=[each for each in reversed(regimes()) if each.id == law.id],
        parts=[part for part in _parts(law) if part.rows or law.not_verified(part.about)],
        clock_words=clock_words,
        shares=SHARES,
    )


def _parts(law: Regime) -> list[Part]:
    """Everything in lists, in the order of a case."""
    every = tuple(kind.id for kind in law.kinds)
    kinds = {kind.id: pick(kind, "name") for kind in law.kinds}

    def of(about: str, title: str, items: object, remark: object = lambda item: "") -> Part:
        rows = tuple(
            Row(f"{about}.{item.id}", pick(item, "name"), item.source, remark(item))  # type: ignore[operator]
            for item in items  # type: ignore[attr-defined]
        )
        return Part(about, title, rows)

    def only_for(item: object) -> str:
        chosen: tuple[str, ...] = item.kinds  # type: ignore[attr-defined]
        if chosen == every:
            return ""
        return gettext("only: %(kinds)s", kinds=", ".join(kinds[each] for each in chosen))

    parts = [
        of("kinds", gettext("Kinds of exemption"), law.kinds, _period_of),
        of("grounds", gettext("Grounds"), law.grounds, only_for),
        of("plan_contents", gettext("What the plan contains"), law.plan_contents),
        of("attachments", gettext("Files to attach"), law.attachments, only_for),
        of("return_reasons", gettext("Reasons to return a filing"), law.return_reasons),
        of("approval_criteria", gettext("Criteria of approval"), law.approval_criteria),
        of("minimum_cover", gettext("Least cover of the insurance"), law.minimum_cover, _sum),
    ]
    if law.risk is not None:
        called = {kind.id: pick(kind, "name") for kind in law.risk.sign_offs}
        parts.append(
            of(
                "risk.questions",
                gettext("Questions about risk"),
                law.risk.questions,
                lambda question: ", ".join(called[each] for each in question.sign_offs),
            )
        )
    if law.fast_track is not None:
        parts.append(of("fast_track.same", gettext("What makes a case the same"), law.fast_track.same))
    if (period := law.period) is not None:
        parts += [
            of(
                "period.report_items",
                gettext("What a final report contains"),
                period.report_items,
                only_for,
            ),
            of(
                "period.extension_documents",
                gettext("What an extension is asked with"),
                period.extension_documents,
            ),
            of("period.change_natures", gettext("Kinds of changes"), period.change_natures, _minor),
            of("period.revocation_grounds", gettext("Grounds of revocation"), period.revocation_grounds),
        ]
    if (measures := law.measures) is not None:
        parts += [
            of(
                "measures.suspension_reasons",
                gettext("Reasons of a suspension"),
                measures.suspension_reasons,
            ),
            of("measures.orders", gettext("Orders"), measures.orders),
            of("measures.severities", gettext("Severity of an incident"), measures.severities, _hours),
            of("measures.inspection_items", gettext("What inspectors look at"), measures.inspection_items),
        ]
    if law.claims is not None:
        parts.append(of("claims.items", gettext("What a claim for damage says"), law.claims.items))
    if (amendments := law.amendments) is not None:
        parts.append(of("amendments.criteria", gettext("Criteria of amending the law"), amendments.criteria))
    return [
        *parts,
        of("documents", gettext("Documents that are issued"), law.documents),
        of("remarks", gettext("What else the law says"), law.remarks, lambda remark: pick(remark, "text")),
    ]


def _period_of(kind: object) -> str:
    months, source = kind.longest_months, kind.longest_months_source  # type: ignore[attr-defined]
    if months is None:
        return gettext("no longest period is stated")
    return gettext("at most %(months)s months (%(source)s)", months=months, source=source)


def _sum(cover: object) -> str:
    return gettext("%(sum)s won", sum=f"{cover.won:,}")  # type: ignore[attr-defined]


def _minor(nature: object) -> str:
    return gettext("recorded only") if nature.is_minor else gettext("needs approval")  # type: ignore[attr-defined]


def _hours(severity: object) -> str:
    return gettext("reported within %(hours)s hours", hours=severity.hours)  # type: ignore[attr-defined]
