"""Every module that declares a table, so that one import fills the metadata completely.

`keeping` comes along: whoever commits keeps the desks current.
"""

from experiments import districts, facts, metrics
from experiments.collection import models as collection
from experiments.collection import mqtt_models as mqtt
from experiments.collection import quality_models as quality
from experiments.collection import set_aside, terms, tokens, upload
from experiments.evaluation import models as evaluation
from experiments.orm import Base
from experiments.registrations import models as registrations
from sandbox import accounts, organisations, receipts
from sandbox.amendments import models as amendments
from sandbox.claims import models as claims
from sandbox.clocks import feed
from sandbox.clocks import models as clocks
from sandbox.comments import models as comments
from sandbox.committee import models as committee
from sandbox.conditions import models as conditions
from sandbox.confirmations import models as confirmations
from sandbox.decisions import models as decisions
from sandbox.desks import keeping
from sandbox.desks import models as desks
from sandbox.documents import models as documents
from sandbox.drafts import models as drafts
from sandbox.exemptions import models as exemptions
from sandbox.incidents import models as incidents
from sandbox.inspections import models as inspections
from sandbox.insurance import models as insurance
from sandbox.ledger import chain
from sandbox.notices import models as notices
from sandbox.orders import models as orders
from sandbox.period import models as period
from sandbox.pilots import models as pilots
from sandbox.pilots import telemetry
from sandbox.programmes import models as programmes
from sandbox.remedies import models as remedies
from sandbox.reports import models as reports
from sandbox.residents import models as residents
from sandbox.risks import models as risks
from sandbox.similar import models as similar
from sandbox.suspensions import models as suspensions
from sandbox.teams import models as teams
from sandbox.uncertainties import models as uncertainties
from sandbox.webhooks import models as webhooks

metadata = Base.metadata

__all__ = [
    "accounts",
    "amendments",
    "chain",
    "claims",
    "clocks",
    "collection",
    "conditions",
    "comments",
    "committee",
    "confirmations",
    "decisions",
    "desks",
    "districts",
    "documents",
    "drafts",
    "evaluation",
    "exemptions",
    "feed",
    "facts",
    "incidents",
    "inspections",
    "insurance",
    "keeping",
    "metadata",
    "metrics",
    "mqtt",
    "notices",
    "orders",
    "organisations",
    "period",
    "pilots",
    "programmes",
    "quality",
    "receipts",
    "registrations",
    "remedies",
    "reports",
    "residents",
    "risks",
    "set_aside",
    "similar",
    "suspensions",
    "teams",
    "telemetry",
    "terms",
    "tokens",
    "uncertainties",
    "upload",
    "webhooks",
]
