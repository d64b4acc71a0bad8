"""Comments are read by those they are for, never edited, and leave a stub when they are taken back."""

from __future__ import annotations

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from sandbox.accounts import Role
from sandbox.comments import writing
from sandbox.comments.writing import LONGEST_COMMENT, CommentSchema
from sandbox.notices.models import Notice
from sandbox.pilots import file
from tests.factories import CONSULTING, FILED, PARTIES, create_case, create_person


def comment(case, who="reviewer", audience="parties", text="The barrier seems too short."):
    return writing.write(
        case.session, case.pilot, text=text, audience=audience, by=case.actor(who), at=case.tick()
    )


def readers(case, written):
    """Whose list holds the comment, among those who may open the file at all."""
    return {
        who
        for who in PARTIES
        if file.may_read(case.pilot, case.actor(who))
        and written in writing.comments_of(case.session, case.pilot, case.actor(who))
    }


def test_the_parties_read_what_is_for_them_and_no_other_company(session):
    case = create_case(session, CONSULTING)
    found = readers(case, comment(case))
    assert {"author", "signatory", "city_reviewer", "decider", "other_reviewer", "evaluator"} <= found
    assert not found & {"other_author", "other_signatory", "other_city_reviewer", "other_evaluator"}


def test_an_offices_own_comment_stays_in_the_office(session):
    case = create_case(session, CONSULTING)
    assert readers(case, comment(case, audience="office")) == {"reviewer", "decider", "second_decider"}


@pytest.mark.parametrize("audience", ["parties", "office"])
def test_whoever_may_read_it_is_told_and_the_writer_is_not(session, audience):
    case = create_case(session, CONSULTING)
    colleague = create_person(session, Role.MINISTRY_REVIEWER, case.people["reviewer"].organisation)
    written = comment(case, audience=audience)
    told = {row.person_id for row in session.query(Notice).filter_by(code="comment.write")}
    may_read = {case.people[who].id for who in readers(case, written)} | {colleague.id}
    first = {"parties": "author", "office": "decider"}[audience]
    assert {colleague.id, case.people[first].id} <= told <= may_read - {written.author_id}


@pytest.mark.parametrize("who", ["auditor", "other_author", "other_city_reviewer", "other_evaluator"])
def test_who_has_no_part_in_the_case_writes_nothing(session, who):
    with pytest.raises(Refused):
        comment(create_case(session, FILED), who)


def test_a_city_writes_nothing_on_a_draft_that_it_may_not_read(session):
    with pytest.raises(Refused):
        comment(create_case(session), "city_reviewer")


@pytest.mark.parametrize(
    "values",
    [
        {"text": " ", "audience": "office"},
        {"text": "x" * (LONGEST_COMMENT + 1), "audience": "office"},
        {"text": "Fine.", "audience": "everybody"},
    ],
)
def test_what_is_no_comment_is_refused(values):
    with pytest.raises(Invalid):
        load(CommentSchema(), values)


def test_a_comment_taken_back_leaves_its_reason_and_no_words(session):
    case = create_case(session, FILED)
    written = comment(case)
    act = {"by": case.actor("reviewer"), "at": case.tick()}
    writing.retract(session, case.pilot, written.id, reason="Wrong case.", **act)
    assert (written.text, written.retracted_reason) == (None, "Wrong case.")
    with pytest.raises(WrongMoment):
        writing.retract(session, case.pilot, written.id, reason="Again.", **act)


@pytest.mark.parametrize(
    ("who", "audience", "refusal"),
    [("author", "parties", Refused), ("author", "office", NotFound), ("decider", "office", Refused)],
)
def test_only_the_writer_takes_it_back(session, who, audience, refusal):
    case = create_case(session, FILED)
    written = comment(case, audience=audience)
    with pytest.raises(refusal):
        writing.retract(session, case.pilot, written.id, reason="No.", by=case.actor(who), at=case.tick())


def test_a_comment_of_another_case_is_not_found(session):
    case, other = create_case(session, FILED), create_case(session, FILED)
    written = comment(other)
    act = {"by": case.actor("reviewer"), "at": case.tick()}
    with pytest.raises(NotFound):
        writing.retract(session, case.pilot, written.id, reason="No.", **act)
