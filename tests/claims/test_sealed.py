"""Keys are rotated: what was sealed opens with the new one alone, once it was sealed again."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from experiments.errors import BrokenRecord
from sandbox.claims import desk
from sandbox.sealed import seal_again
from sandbox.sealing import Seal
from sandbox.webhooks import desk as webhooks
from tests.claims.filed import SEAL, claim_values, file_claim
from tests.factories import RUNNING, create_case


def test_claims_and_webhooks_are_sealed_again(session):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    case = create_case(session, RUNNING)
    claim = file_claim(case).claim
    claim.sealed = Seal([old]).close(SEAL.open(claim.sealed, where="here"))
    opened = webhooks.open_endpoint(
        session,
        url="https://hooks.example.org/",
        events=["pilot.start"],
        private_hubs=(),
        seal=Seal([old]),
        by=case.actor("signatory"),
        at=case.tick(),
    )
    with pytest.raises(BrokenRecord):
        desk.contents(claim, Seal([new]))
    assert seal_again(session, Seal([new, old])) == 2
    assert desk.contents(claim, Seal([new])) == claim_values()
    assert Seal([new]).open(opened.endpoint.secret, where="here") == opened.secret
