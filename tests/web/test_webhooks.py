"""An office's webhooks on pages."""

from __future__ import annotations

import re

from tests.web.office import wrong_fields

HOOK = {"url": "https://hooks.example.org/", "events": "pilot.start"}


def test_the_secret_is_shown_once(office):
    office = office()
    opened = office.send("signatory", "webhooks", **HOOK)
    assert opened.status_code == 201
    secret = re.search(r"whsec_[\w-]+", opened.text)[0]
    assert "https://hooks.example.org/" in office.read("signatory", "webhooks")
    assert secret not in office.open("signatory", "webhooks/1").text
    assert office.send("signatory", "webhooks/1/test").status_code == 303
    assert "webhook.test" in office.read("signatory", "webhooks/1")
    assert office.send("signatory", "webhooks/1/remove").status_code == 303
    assert office.send("signatory", "webhooks/1/test").status_code == 409


def test_what_is_wrong_is_told_at_its_field(office):
    answer = office().send("signatory", "webhooks", url="http://hooks.example.org/")
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"events"}


def test_another_office_reads_nothing(office):
    office = office()
    office.send("signatory", "webhooks", **HOOK)
    assert office.open("reviewer", "webhooks/1").status_code == 404
    assert office.open("author", "webhooks").status_code == 403
