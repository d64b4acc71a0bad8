"""Which connector speaks with which kind of hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from experiments.collection.connectors import (
    ckan,
    csv_http,
    json_path,
    korean_api,
    ngsi_ld,
    onem2m,
    sensorthings,
)
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.readings import Harvest
from experiments.collection.http import Get

Connector = Callable[[Get, Query, Harvest], Harvest]
"""Reads the window of a query into a harvest; HubFault where it may be incomplete."""

CONNECTORS: Mapping[str, Connector] = {
    "ngsi_ld": ngsi_ld.read_window,
    "sensorthings": sensorthings.read_window,
    "ckan": ckan.read_window,
    "korean_api": korean_api.read_window,
    "csv": csv_http.read_window,
    "json": json_path.read_window,
    "onem2m": onem2m.read_window,
}
