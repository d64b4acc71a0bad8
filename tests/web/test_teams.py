"""A company's own people on pages: invited, in, let go."""

from __future__ import annotations

import re

from tests.factories import PASSWORD
from tests.web.office import wrong_fields

EMAIL = "new.colleague@example.org"


def link_of(answer):
    return re.search(r"/join/[\w-]+", answer.text)[0]


def test_an_invited_colleague_joins_and_is_let_go(office):
    office = office()
    invited = office.send("signatory", "team", email=EMAIL, role="company_author")
    assert invited.status_code == 201
    link = link_of(invited)
    (letter,) = (office.service.settings.var_dir / "mail").glob("invitation-*.eml")
    assert link.encode() in letter.read_bytes().replace(b"=\n", b"")
    guest = office.browser(None)
    joined = guest.send(link, name="Kim Min-ji", password=PASSWORD, again=PASSWORD)
    assert joined.status_code == 303
    assert guest.open(link).status_code == 404
    assert guest.sign_in(EMAIL).status_code == 303
    assert "Kim Min-ji" in guest.read("/team")
    for address in re.findall(r"team/members/\d+/disable", office.open("signatory", "team").text):
        assert office.send("signatory", address).status_code == 303
    assert not guest.is_signed_in


def test_two_passwords_that_differ_are_told(office):
    office = office()
    link = link_of(office.send("signatory", "team", email=EMAIL, role="company_author"))
    answer = office.browser(None).send(link, name="Kim", password=PASSWORD, again="another")
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"again"}


def test_what_is_wrong_with_an_invitation_is_told_at_its_field(office):
    answer = office().send("signatory", "team", email="nonsense", role="decider")
    assert answer.status_code == 422
    assert {"email"} <= wrong_fields(answer)


def test_authors_read_and_others_stay_out(office):
    office = office()
    assert "Invite a colleague" not in office.read("author", "team")
    assert office.send("author", "team", email=EMAIL, role="company_author").status_code == 403
    for who in ("reviewer", "auditor", "administrator"):
        assert office.open(who, "team").status_code == 403, who
    stranger = office.case.people["author"].id
    assert office.send("other_signatory", f"team/members/{stranger}/disable").status_code == 404
    assert office.open(None, "join/nonsense").status_code == 404
