"""Official documents (공문서): certificates and gazette notices, as the regime's data words them.

Promises that a document with a missing statutory field is not issued, that what is issued is never
edited, and that its hash stands in the ledger in the transaction of the act. Must not know pages.
"""

from sandbox.documents.issue import check_complete, issue
from sandbox.documents.models import OfficialDocument
from sandbox.documents.standing import Standing, find, is_as_issued, standing

__all__ = ["OfficialDocument", "Standing", "check_complete", "find", "is_as_issued", "issue", "standing"]
