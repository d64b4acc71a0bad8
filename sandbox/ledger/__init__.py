"""The ledger (감사원장): an append-only, hash-linked record of acts.

Promises that every act has one row, written in the act's own transaction, and that a changed,
removed or swapped row is found and named. Must not know what the acts mean.
"""

from sandbox.ledger.chain import LedgerEntry, append, hold
from sandbox.ledger.pages import LedgerPage, acts, search
from sandbox.ledger.testimony import Difference, Testimony, testimony
from sandbox.ledger.verify import Broken, Verdict, verify

__all__ = [
    "Broken",
    "Difference",
    "LedgerEntry",
    "LedgerPage",
    "Testimony",
    "Verdict",
    "acts",
    "append",
    "hold",
    "search",
    "testimony",
    "verify",
]
