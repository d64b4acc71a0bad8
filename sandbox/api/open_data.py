"""Results in the words of data hubs and open-data portals, for whoever harvests them."""

from __future__ import annotations

import orjson
from flask import Response, current_app, url_for

from experiments.errors import NotFound
from sandbox.api.room import Room
from sandbox.config import Settings
from sandbox.db import db
from sandbox.pilots import open_data
from sandbox.pilots.published import published

resources = Room(
    "api-open_data",
    __name__,
    url_prefix="",
    description="Signed results as NGSI-LD indicators and as a DCAT catalogue.",
)

ADDRESSES = {
    "page": "register.pilot",
    "data": "register.observations",
    "result": "register.result",
    "plan": "register.plan",
    "indicators": "api-open_data.indicators",
}


@resources.get("/catalogue", endpoint="catalogue")
@resources.response(200)
def catalogue() -> Response:
    """Every signed result as a dataset of a DCAT catalogue (JSON-LD)."""
    return _linked(open_data.catalogue(db.session, _address))


@resources.get("/pilots/<number>/indicators", endpoint="indicators")
@resources.response(200)
def indicators(number: str) -> Response:
    """The effects of the signed result as NGSI-LD KeyPerformanceIndicator entities."""
    found = open_data.indicators(published(db.session, number))
    if not found:
        raise NotFound("signed result", number)
    return _linked(found)


def _address(number: str, file: str) -> str:
    """Absolute where the service knows its own address; never under a host that somebody asked for."""
    settings: Settings = current_app.settings  # type: ignore[attr-defined]
    return f"{settings.public_url}{url_for(ADDRESSES[file], number=number)}"


def _linked(document: object) -> Response:
    return Response(orjson.dumps(document), mimetype="application/ld+json")
