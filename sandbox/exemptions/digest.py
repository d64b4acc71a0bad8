"""What of an application a committee resolves on, in one hash: whatever changes later is seen by it."""

from __future__ import annotations

from experiments.canonical import canonical
from experiments.canonical import digest as sha256
from sandbox.exemptions.models import Exemption, condition_document


def digest(exemption: Exemption) -> str:
    """SHA-256 of everything that the file says; what is decided on it does not count."""
    return sha256(
        canonical(
            {
                "kind": exemption.kind,
                "ground": exemption.ground,
                "articles": exemption.articles,
                "contents": exemption.contents,
                "requested_months": exemption.requested_months,
                "city_is_applicant": bool(exemption.city_is_applicant),
                "local_opinion": exemption.local_opinion,
                "actions": [[action.text, action.answer] for action in exemption.required_actions],
                "files": sorted(each.sha256 for each in exemption.attachments if each.removed_at is None),
                "replies": [
                    [asked.ministry_id, asked.reply, asked.text, [s.answer for s in asked.supplements]]
                    for asked in exemption.consultations
                ],
                "conditions": [condition_document(condition) for condition in exemption.conditions],
            }
        )
    )
