"""Under which regime a company files: the only open one, or the one that it chooses."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request, url_for

from experiments.errors import NotFound
from sandbox.regimes import Regime


def chosen(offered: Sequence[Regime]) -> Regime | None:
    """The regime that the address names, or the only one there is; None where one has to be chosen."""
    key = request.args.get("regime", "")
    if not key:
        return offered[0] if len(offered) == 1 else None
    found = next((law for law in offered if law.id == key), None)
    if found is None:
        raise NotFound("regime", key)
    return found


def page(offered: Sequence[Regime], endpoint: str) -> str:
    """The regimes to choose from, each leading to the form under it."""
    links = [(law, url_for(endpoint, regime=law.id)) for law in offered]
    return render_template("regimes/choose.html", links=links)
