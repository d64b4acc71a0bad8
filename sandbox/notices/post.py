"""The post: notices become mails, and mails go out, are tried again, or are given up; all of it on record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from sandbox.notices.cases import Named, named
from sandbox.notices.models import Mail, MailAttempt, MailStatus, Notice
from sandbox.notices.outbox import wishes_of
from sandbox.notices.senders import NotSent, Sender
from sandbox.notices.texts import text

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=12)
HELD = timedelta(minutes=5)
MOST_AT_ONCE = 50
CLOSED = "the account is closed"


@dataclass(frozen=True)
class Letterhead:
    """What every mail bears: who sends it, and where its links lead (empty: it has none)."""

    sender: str
    public_url: str = ""


def post(
    sessions: sessionmaker[Session], send: Sender, letterhead: Letterhead, clock: Callable[[], datetime]
) -> int:
    """Make mails of what may be mailed, and hand over what is due; how many were handed over."""
    with sessions() as session:
        if make_mails(session, letterhead, at=clock()):
            session.commit()
    sent = 0
    for _ in range(MOST_AT_ONCE):
        with sessions() as session:
            mail = claim(session, at=clock())
            session.commit()
            if mail is None:
                break
            sent += _hand_over(session, mail, mail.fence, send, letterhead, clock)
    return sent


def make_mails(session: Session, letterhead: Letterhead, *, at: datetime) -> int:
    """One mail to each person with all their notices that may be mailed by now; how many were made."""
    waiting = select(Notice).where(Notice.mail_id.is_(None), Notice.mail_after <= at).order_by(Notice.id)
    # What another worker is making a mail of is left to it.
    waiting = waiting.with_for_update(skip_locked=True)
    of_person: dict[int, list[Notice]] = {}
    for notice in session.scalars(waiting):
        of_person.setdefault(notice.person_id, []).append(notice)
    for person_id, notices in of_person.items():
        language = wishes_of(session, person_id).language
        cases = named(session, (notice.subject for notice in notices))
        lines = [_line(notice, cases.get(notice.subject), language, letterhead) for notice in notices]
        mail = Mail(
            person_id=person_id,
            title=_title(notices, cases, language),
            body="\n\n".join(lines) + "\n",
            created_at=at,
            next_at=at,
        )
        session.add(mail)
        session.flush()
        for notice in notices:
            notice.mail_id = mail.id
    session.flush()
    return len(of_person)


def claim(session: Session, *, at: datetime) -> Mail | None:
    """Take the next mail that is due, so that nobody else sends it; a holder that died loses its hold."""
    due = or_(
        and_(Mail.status == MailStatus.QUEUED, Mail.next_at <= at),
        and_(Mail.status == MailStatus.SENDING, Mail.held_until < at),
    )
    found = session.execute(select(Mail.id, Mail.fence).where(due).order_by(Mail.next_at, Mail.id).limit(1))
    for mail_id, fence in found:
        taken = session.execute(
            update(Mail)
            .where(Mail.id == mail_id, Mail.fence == fence)
            .values(status=MailStatus.SENDING, held_until=at + HELD, fence=fence + 1)
            .returning(Mail.id)
        ).scalar()
        return session.get_one(Mail, mail_id) if taken else None
    return None


def mails(session: Session, *, most: int = 200) -> Sequence[Mail]:
    """The delivery log: what has failed first, then the newest."""
    query = select(Mail).order_by(Mail.status == MailStatus.SENT, Mail.id.desc()).limit(most)
    return session.scalars(query).all()


def _hand_over(
    session: Session,
    mail: Mail,
    fence: int,
    send: Sender,
    letterhead: Letterhead,
    clock: Callable[[], datetime],
) -> int:
    """Send one claimed mail and write down what came of it, unless somebody else holds it by then."""
    error: str | None = None
    if mail.person.disabled_at is not None:
        error = CLOSED
    else:
        try:
            send(message(mail, letterhead))
        except NotSent as failure:
            error = str(failure)
    at = clock()
    session.refresh(mail)
    if mail.fence != fence:
        return 0
    mail.attempts.append(MailAttempt(at=at, error=error))
    mail.held_until = None
    if error is None:
        mail.status = MailStatus.SENT
    elif error == CLOSED or len(mail.attempts) >= MOST_ATTEMPTS:
        mail.status = MailStatus.GIVEN_UP
    else:
        mail.status = MailStatus.QUEUED
        mail.next_at = at + min(FIRST_PAUSE * 2 ** (len(mail.attempts) - 1), LONGEST_PAUSE)
    session.commit()
    return int(error is None)


def message(mail: Mail, letterhead: Letterhead) -> EmailMessage:
    """The mail as it goes out; its id stays the same at every try, so that a reader sees one of two."""
    made = EmailMessage()
    made["From"] = letterhead.sender
    made["To"] = mail.person.email
    made["Subject"] = mail.title
    made["Date"] = format_datetime(mail.created_at)
    made["Message-ID"] = f"<mail-{mail.id}@{letterhead.sender.rpartition('@')[2].strip('>')}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.body)
    return made


def _title(notices: Sequence[Notice], cases: dict[str, Named], language: str) -> str:
    first = _sentence(notices[0], cases.get(notices[0].subject), language)
    rest = len(notices) - 1
    if not rest:
        return first
    return f"{first} 외 {rest}건" if language == "ko" else f"{first} (and {rest} more)"


def _line(notice: Notice, case: Named | None, language: str, letterhead: Letterhead) -> str:
    said = _sentence(notice, case, language)
    if case is None or not letterhead.public_url:
        return said
    return f"{said}\n{letterhead.public_url}{case.path}"


def _sentence(notice: Notice, case: Named | None, language: str) -> str:
    name = case.in_language(language) if case else notice.subject
    return text(notice.code, language, case=name, facts=notice.facts)
