"""The letter that carries an invitation. Its link is nowhere kept, so it goes out at once or not at all."""

from __future__ import annotations

import logging
from email.message import EmailMessage
from uuid import uuid4

from sandbox.notices.senders import NotSent, sender_of
from sandbox.teams.models import Invitation

log = logging.getLogger(__name__)

TITLE_KO = "규제샌드박스 등록부 초대: {organisation}"
TITLE_EN = "Invitation to the register of pilots: {organisation}"
BODY_KO = """{inviter} 님이 {organisation}의 구성원으로 초대했습니다.
아래 주소에서 이름과 비밀번호를 정하면 계정이 열립니다.
주소는 한 번만 쓸 수 있으며, 유효 기한은 {until}입니다.

{link}
"""
BODY_EN = """{inviter} invites you to act for {organisation} in the register of pilots.
Choose a name and a password at the address below. It works once, until {until}.

{link}
"""


def post(invitation: Invitation, *, link: str, way: str, sender: str, language: str) -> bool:
    """Send the letter by `way`, as the setting of mail names it; whether it was taken.

    There is no second try. The invitation must be stored before: a link that leads nowhere is not mailed.
    """
    try:
        sender_of(way)(letter(invitation, link=link, sender=sender, language=language))
    except NotSent:
        log.warning("invitation not mailed", extra={"invitation": invitation.id})
        return False
    return True


def letter(invitation: Invitation, *, link: str, sender: str, language: str) -> EmailMessage:
    """The invitation in `language` ("ko" or "en")."""
    organisation = invitation.organisation
    facts = {
        "inviter": invitation.made_by_name,
        "organisation": organisation.name_ko if language == "ko" else organisation.name_en,
        "until": f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC",
        "link": link,
    }
    made = EmailMessage()
    made["From"] = sender
    made["To"] = invitation.email
    made["Subject"] = (TITLE_KO if language == "ko" else TITLE_EN).format(**facts)
    made["Message-ID"] = f"<invitation-{uuid4().hex}@{sender.rpartition('@')[2].strip('>')}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content((BODY_KO if language == "ko" else BODY_EN).format(**facts))
    return made
