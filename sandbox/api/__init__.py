"""The interface for machines: the same use cases as the pages, under /api/v1.

Promises JSON in and out, every error as problem+json, one bearer token per sign-in and no cookie,
and an OpenAPI document made from the schemas that check the input. Rules live below, as for pages.
"""

from __future__ import annotations

from flask import Flask

from sandbox.api import (
    alerts,
    amendments,
    case_records,
    claims,
    comments,
    committee,
    conditions,
    confirmations,
    decisions,
    documents,
    evaluations,
    hubs,
    insurance,
    measures,
    moves,
    observations,
    open_data,
    period,
    pilots,
    plans,
    records,
    risks,
    sessions,
    similar,
    source_readings,
    sources,
    teams,
    uncertainties,
    webhooks,
)
from sandbox.api.description import SPECIFICATION, Interface

PREFIX = "/api/v1"

ROOMS = (
    sessions,
    confirmations,
    pilots,
    moves,
    committee,
    insurance,
    period,
    measures,
    conditions,
    amendments,
    risks,
    similar,
    uncertainties,
    claims,
    teams,
    webhooks,
    comments,
    plans,
    evaluations,
    decisions,
    documents,
    case_records,
    hubs,
    observations,
    sources,
    source_readings,
    alerts,
    open_data,
    records,
)


def init_app(app: Flask) -> None:
    """Hang the rooms and their description into `app`."""
    app.config.update(
        API_TITLE="Registry of regulatory-sandbox pilots",
        API_VERSION="1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=PREFIX,
        API_SPEC_OPTIONS=SPECIFICATION,
    )
    interface = Interface(app)
    for room in ROOMS:
        # Nothing here listens to cookies, so there is nothing that another site could forge.
        app.extensions["csrf"].exempt(room.resources)
        interface.register_blueprint(room.resources, url_prefix=f"{PREFIX}{room.resources.url_prefix or ''}")
