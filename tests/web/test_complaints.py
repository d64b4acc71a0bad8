"""Whatever the code complains of is said in Korean, with the values that it names."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask_babel import force_locale
from marshmallow import ValidationError, fields

from experiments.collection import description
from experiments.registrations.plan import PlanSchema
from sandbox import accounts, organisations
from sandbox.decisions.decide import ProposalSchema
from sandbox.exemptions.application import ApplicationSchema
from sandbox.exemptions.decide import GrantSchema
from sandbox.exemptions.review import ConsultationSchema, OpinionSchema, ReplySchema
from sandbox.pilots.register import SearchSchema
from sandbox.pilots.registration import PilotSchema
from sandbox.regimes import regime
from sandbox.web import accounts as sign_in
from sandbox.web import company
from sandbox.web.complaints import FIXED, PATTERNS, sentence, translated
from tests.factories import application_values, pilot_values

ROOT = Path(__file__).parents[2]

SCHEMAS = [
    PlanSchema(),
    PilotSchema(),
    ApplicationSchema(regime("kr-smart-city")),
    OpinionSchema(),
    ConsultationSchema(),
    ReplySchema(),
    GrantSchema(),
    ProposalSchema(),
    SearchSchema(),
    company.PartiesSchema(),
    accounts.PersonSchema(),
    accounts.PositionSchema(),
    organisations.OrganisationSchema(),
    sign_in.SignInSchema(),
    sign_in.PasswordSchema(),
    description.HubSchema(),
    description.SourceSchema(),
]

# What people and programs send where something else was asked for.
BAD = [
    None,
    "",
    " ",
    "nonsense",
    "a\x00b",
    "a\u202eb",
    "e" + "\u0301" * 9,
    "x" * 20_000,
    "1_000",
    "2026-02-30",
    "9" * 30,
    "1e999",
    "http://",
    "ftp://hub.example.org",
    "https://me:secret@hub.example.org",
    "https://hub.example.org:25",
    True,
    -1,
    0,
    7.9,
    10**30,
    math.nan,
    math.inf,
    [],
    ["nonsense"] * 50,
    [None],
    [{}],
    ["D01", "D01"],
    {},
    {"nonsense": "x" * 20_000},
]


# What is entered by the command line, by migrations or by the demonstration, and read by developers.
BEHIND_NO_FORM = (
    "sandbox/clocks/rules.py",
    "experiments/evaluation/job.py",
    "experiments/metrics.py",
    "experiments/panel.py",
    "sandbox/demo/",
    "sandbox/programmes/calls.py",
    "sandbox/regimes/",
)


def known(message):
    return message in {str(text) for text in FIXED} or any(
        re.fullmatch(pattern, message) for pattern, _ in PATTERNS
    )


def messages_of(schema):
    """What the schema says of every bad value in each of its fields, at every depth."""
    for name, field in schema.fields.items():
        for value in BAD:
            yield from complaints_of(schema, {name: value})
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from messages_of(inner.schema)
    yield from complaints_of(schema, {"nonsense": 1})
    yield from complaints_of(schema, "nonsense")


def complaints_of(schema, data):
    try:
        schema.load(data)
    except ValidationError as error:
        yield from flat(error.messages)


def flat(messages):
    if isinstance(messages, dict):
        for inner in messages.values():
            yield from flat(inner)
    elif isinstance(messages, list):
        for inner in messages:
            yield from flat(inner)
    else:
        yield str(messages)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: type(schema).__name__)
def test_whatever_a_schema_says_is_listed(schema):
    assert {message for message in messages_of(schema) if not known(message)} == set()


def written_complaints():
    """(file, message) of each complaint in the source, with a 7 for every changing part."""
    for folder in ("experiments", "sandbox"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.relative_to(ROOT).as_posix().startswith(BEHIND_NO_FORM):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for text in complaints_in(node):
                    yield path.relative_to(ROOT).as_posix(), text


def complaints_in(node):
    """Texts in lists that go into `Invalid` or an `errors` mapping, and of marshmallow's errors."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"ValidationError", "AddressRefused"}:
            yield from texts(node.args[:1])
        if name == "Invalid":
            yield from listed(node)
    if isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        name = getattr(target.value if isinstance(target, ast.Subscript) else target, "id", "")
        if name in {"errors", "problems"}:
            yield from listed(node.value)


def listed(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.List):
            yield from texts(node.elts)


def texts(nodes):
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)


WRITTEN = sorted(set(written_complaints()))


def test_the_source_is_searched_well():
    """The search finds what is known to be there, in each of its shapes."""
    found = {text for _, text in WRITTEN}
    assert {
        "a reason is needed",
        "unknown district 7",
        "The pilot ends before it starts.",
        "The address names no host.",
        "a ministry is needed",
        "This regime has no such kind.",
    } <= found


@pytest.mark.parametrize(("file", "text"), WRITTEN)
def test_whatever_the_code_complains_of_is_listed(file, text):
    assert known(text)


def test_every_listed_complaint_is_korean():
    with (ROOT / "sandbox/translations/ko/LC_MESSAGES/messages.po").open("rb") as file:
        korean = read_po(file)
    listed_texts = [str(text) for text in FIXED] + [str(words) for _, words in PATTERNS]
    assert [text for text in listed_texts if not korean[text].string] == []


# -- in the reader's language -------------------------------------------------------------------------


@pytest.fixture
def korean(service):
    with service.test_request_context(), force_locale("ko"):
        yield


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("unknown district D99", ["D99"]),
        ("unknown metric wait version 3", ["wait", "3"]),
        ("Both treated and control: D01, D02.", ["D01, D02"]),
        ("before the permitted period begins on 2026-07-01", ["2026-07-01"]),
        ("Must be greater than or equal to 0.001 and less than or equal to 0.2.", ["0.001", "0.2"]),
        ("Length must be between 1 and 30.", ["1", "30"]),
        ("longer than 48 months (Art. 50(3))", ["48", "법 제50조제3항"]),
        ("unknown district 100%", ["100%"]),
        ("unknown district %(code)s", ["%(code)s"]),
    ],
)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_a_translated_complaint_keeps_its_values(korean, message, kept):
    said = sentence(message)
    assert all(value in said for value in kept)
    assert re.search("[가-힣]", said)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_a_complaint_that_is_not_listed_is_better_than_silence(korean):
    assert sentence("The moon is wrong, 100%.") == "The moon is wrong, 100%."
    assert sentence("") == ""  # under which the catalogue keeps its header


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_fields_keep_their_messages(korean):
    errors = translated({"title_ko": ["Missing data for required field."], "seed": ["Not a valid integer."]})
    assert set(errors) == {"title_ko", "seed"}
    assert translated(None) == {}


def test_complete_input_is_not_complained_of():
    """The values above are bad, not the schemas: complete ones pass."""
    values = pilot_values()
    plain = values | {name: values[name].isoformat() for name in ("planned_from", "planned_to")}
    assert PilotSchema().load(plain) == values
    application = application_values()
    assert ApplicationSchema(regime("kr-smart-city")).load(application) == {
        **application,
        "city_is_applicant": False,
    }
