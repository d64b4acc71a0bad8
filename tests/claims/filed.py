"""Claims that tests file and answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from cryptography.fernet import Fernet

from sandbox.claims import filing, handling
from sandbox.claims.filing import Filed
from sandbox.sealing import Seal
from tests.factories import Case

SEAL = Seal([Fernet.generate_key().decode()])


def claim_values(**changes: Any) -> dict[str, Any]:
    """What the schema of the regime gives."""
    return {
        "name": "Hong Gil-dong",
        "contact": "010-0000-0000",
        "relation": "The injured person",
        "damage": "A bollard fell on my bicycle.",
        "amount": 350_000,
        "basis": "The bill of the workshop.",
    } | changes


def file_claim(case: Case, address: str = "192.0.2.1", **changes: Any) -> Filed:
    return filing.file(
        case.session, case.pilot, claim_values(**changes), address=address, seal=SEAL, at=case.tick()
    )


def informed(case: Case) -> Filed:
    filed = file_claim(case)
    act = {"by": case.actor("author"), "at": case.tick()}
    handling.inform(case.session, filed.claim, information="Call Hangang Insurance.", **act)
    return filed


def paid(case: Case) -> Filed:
    filed = informed(case)
    act = {"by": case.actor("signatory"), "at": case.tick()}
    handling.pay(case.session, filed.claim, paid_won=350_000, paid_on=date(2026, 3, 3), **act)
    return filed


def refused(case: Case) -> Filed:
    filed = informed(case)
    act = {"by": case.actor("signatory"), "at": case.tick()}
    handling.refuse(case.session, filed.claim, refusal="It was a storm.", proof="A photo.", **act)
    return filed
