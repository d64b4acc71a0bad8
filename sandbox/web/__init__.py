"""The pages. A view parses, calls one use case and renders; rules live below."""

from __future__ import annotations

from flask import Flask

from sandbox.web import (
    accounts,
    amendments,
    annual,
    attachments,
    audit,
    backfills,
    case_rooms,
    cases,
    claims,
    clocks,
    comments,
    committee,
    company,
    conditions,
    confirmations,
    conformance,
    consultations,
    districts,
    documents,
    drafts,
    evaluator,
    filters,
    health,
    hubs,
    insurance,
    law_change,
    measures,
    metrics,
    notices,
    people,
    period,
    public_claims,
    pushed,
    quarantine,
    records,
    regimes,
    register,
    regulator,
    reports,
    resolutions,
    rim,
    risks,
    rulings,
    similar,
    sources,
    start,
    tasks,
    teams,
    telemetry,
    tokens,
    try_it,
    uncertainties,
    uploads,
    webhooks,
)


def init_app(app: Flask) -> None:
    """Hang the pages and the rim into `app`."""
    rim.init_app(app)
    filters.init_app(app)
    case_rooms.init_app(app)
    for room in (
        *(period, reports),
        *(
            register,
            regimes,
            annual,
            documents,
            records,
            accounts,
            company,
            confirmations,
            cases,
            attachments,
            insurance,
            start,
            measures,
            comments,
            tasks,
        ),
        *(consultations, committee, resolutions, rulings, clocks, claims, public_claims),
        *(conditions, law_change, risks, similar, uncertainties, amendments),
        *(regulator, evaluator, sources),
        *(
            hubs,
            backfills,
            conformance,
            districts,
            health,
            quarantine,
            metrics,
            tokens,
            telemetry,
            try_it,
            pushed,
            uploads,
        ),
        *(drafts, notices, people, teams, webhooks, audit),
    ):
        app.register_blueprint(room.pages)
    if app.settings.development:  # type: ignore[attr-defined]
        from sandbox.web import style

        app.register_blueprint(style.pages)
