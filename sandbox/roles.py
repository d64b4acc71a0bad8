"""Roles: what a person is to the registry, one at a time."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    COMPANY_AUTHOR = "company_author"
    COMPANY_SIGNATORY = "company_signatory"
    CITY_REVIEWER = "city_reviewer"
    MINISTRY_REVIEWER = "ministry_reviewer"
    DECIDER = "decider"
    EVALUATOR = "evaluator"
    CITY_DATA_OFFICER = "city_data_officer"
    SECRETARIAT = "secretariat"
    COMMITTEE_MEMBER = "committee_member"
    EXPERT = "expert"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
