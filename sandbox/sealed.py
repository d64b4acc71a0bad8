"""Everything that is sealed beside the credentials of hubs, sealed again under the first key."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.claims.models import Claim
from sandbox.sealing import Seal
from sandbox.webhooks.models import Endpoint


def seal_again(session: Session, seal: Seal) -> int:
    """Claims of residents and secrets of webhooks; how many. BrokenRecord if one opens with no key."""
    claims = session.scalars(select(Claim).where(Claim.sealed.is_not(None))).all()
    for claim in claims:
        claim.sealed = seal.renew(str(claim.sealed), where=str(claim.number))
    endpoints = session.scalars(select(Endpoint)).all()
    for endpoint in endpoints:
        endpoint.secret = seal.renew(endpoint.secret, where=endpoint.key)
    session.flush()
    return len(claims) + len(endpoints)
