"""A company's own people over the interface."""

from __future__ import annotations

from tests.factories import PASSWORD

INVITATION = {"email": "new.colleague@example.org", "role": "company_author"}


def test_a_colleague_is_invited_joins_and_is_let_go(office):
    case = office()
    signatory = case["signatory"]
    invited = signatory.post("/team/invitations", INVITATION).json
    joined = case["public"].post(invited["href"], {"name": "Kim Min-ji", "password": PASSWORD})
    assert joined.status_code == 201, joined.text
    assert case["public"].post(invited["href"], {"name": "Kim", "password": PASSWORD}).status_code == 404
    assert "Kim Min-ji" in {each["name"] for each in signatory.read("/team")["members"]}
    team = signatory.post(f"/team/members/{joined.json['id']}/disable").json
    assert [each["name"] for each in team["members"] if each["disabled_at"]] == ["Kim Min-ji"]


def test_others_stay_out(office):
    case = office()
    invitation = case["signatory"].post("/team/invitations", INVITATION).json["id"]
    address = f"/team/invitations/{invitation}/withdraw"
    assert case["other_signatory"].post(address).status_code == 404
    assert case["other_signatory"].read("/team")["invitations"] == []
    for who in ("author", "reviewer", "administrator"):
        assert case[who].post("/team/invitations", INVITATION).status_code == 403
    assert case["signatory"].post(address).json["invitations"] == []
