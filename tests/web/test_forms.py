"""What a form sent: kept as typed, read without its blanks, complained of at the control that was used."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from experiments.errors import Invalid
from sandbox.web.forms import Sent, reason


def sent(initial=None, **values):
    pairs = [(name.replace("__", "."), value) for name, value in values.items()]
    return Sent(MultiDict(pairs), initial)


def refused(form, errors):
    form.refuse(Invalid(errors))
    return form.errors


# -- what is shown ------------------------------------------------------------------------------------


def test_what_was_typed_is_shown():
    assert sent({"title": "stored"}, title=" typed ")["title"] == " typed "


def test_before_anything_is_sent_the_stored_is_shown():
    form = sent({"title": "stored", "districts": [1, 2]})
    assert (form["title"], form.chosen("districts"), form["nothing"]) == ("stored", ["1", "2"], "")
    assert not form.was_posted


def test_what_was_emptied_stays_empty():
    """A stored text must not come back where somebody deleted it."""
    form = sent({"title": "stored", "districts": [1]}, contact="typed")
    assert (form["title"], form.chosen("districts")) == ("", [])


# -- what is read -------------------------------------------------------------------------------------


def test_blank_choices_are_none():
    form = Sent(MultiDict([("districts", "D01"), ("districts", " "), ("districts", "D02")]))
    assert form.many("districts") == ["D01", "D02"]


def test_blank_rows_are_left_out():
    form = sent(rows__0__a=" ", rows__0__b="", rows__1__a="x", rows__1__b="", rows__7__a="beyond")
    assert form.rows("rows", ("a", "b"), 3) == [{"a": "x", "b": ""}]


def test_blank_lines_are_left_out():
    assert sent(lines__0=" ", lines__1=" x ", lines__9="beyond").lines("lines", 3) == ["x"]
    assert sent(text="one\r\n\r\n two \n").each_line("text") == ["one", "two"]


# -- where it is complained of ------------------------------------------------------------------------


def test_an_error_in_a_row_is_shown_in_the_row_that_was_used():
    form = sent(rows__2__a="x", lines__1="y", lines__3="z")
    form.rows("rows", ("a", "b"), 4)
    form.lines("lines", 4)
    errors = {"rows.0.b": ["Missing."], "lines.1": ["Too long."]}
    assert refused(form, errors) == {"rows.2.b": ["Missing."], "lines.3": ["Too long."]}


def test_errors_of_a_list_stand_at_its_one_control():
    form = Sent(
        MultiDict([("districts", "D01"), ("districts", "D98"), ("districts", "D99"), ("text", "a\nb")])
    )
    form.many("districts")
    form.each_line("text")
    errors = {"districts.1": ["D98?"], "districts.2": ["D99?"], "text.1": ["b?"]}
    assert refused(form, errors) == {"districts": ["D98?", "D99?"], "text": ["b?"]}


@pytest.mark.parametrize("field", ["title", "rows", "rows.9.a", "rows.x", "rowsandrows.0.a", "_schema"])
def test_other_errors_stay_where_they_are(field):
    form = sent(rows__0__a="x")
    form.rows("rows", ("a",), 1)
    assert refused(form, {field: ["No."]}) == {field: ["No."]}


def test_every_wrong_text_is_told():
    form = sent(answers__1=" ", answers__2="fine", answers__3="a\u202eb")
    with pytest.raises(Invalid) as refusal:
        form.texts(["answers.1", "answers.2", "answers.3"], longest=10)
    assert set(refusal.value.errors) == {"answers.1", "answers.3"}


def test_texts_are_cleaned():
    decomposed = "\u1112\u1161\u11ab"
    assert sent(a=f" {decomposed} ").texts(["a"], longest=10) == {"a": "한"}


# -- reasons ------------------------------------------------------------------------------------------


def test_a_reason_is_cleaned():
    assert reason({"reason": " Because.\r\nAnd so. "}) == "Because.\nAnd so."


def test_a_missing_reason_is_the_use_cases_to_refuse():
    assert (reason({}), reason({"reason": " "})) == ("", "")


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a" * 4001])
def test_a_reason_that_deceives_or_does_not_end_is_refused(text):
    with pytest.raises(Invalid) as refusal:
        reason({"reason": text})
    assert set(refusal.value.errors) == {"reason"}
