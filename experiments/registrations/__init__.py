"""Registrations: what is to be learned, fixed before the data can tell.

Promises that a locked plan is canonical JSON with its SHA-256 and is only ever superseded by an
amendment. Must not know the law: what may be done reaches it as a ``Permit``.
"""

from experiments.registrations.lock import amend, draft, lock, save_draft, withdraw
from experiments.registrations.models import EXPERIMENT, Experiment, ExperimentStatus, PlanVersion
from experiments.registrations.permit import Permit
from experiments.registrations.plan import PlanSchema, plan_problems

__all__ = [
    "EXPERIMENT",
    "Experiment",
    "ExperimentStatus",
    "Permit",
    "PlanSchema",
    "PlanVersion",
    "amend",
    "draft",
    "lock",
    "plan_problems",
    "save_draft",
    "withdraw",
]
