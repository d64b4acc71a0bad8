"""Drafts of forms (임시저장): what a person has typed and not sent yet, saved while it is typed.

Promises that nobody but its owner ever reads a draft, and that it is gone once the form is sent, thrown
away or old. Must not know pages or cases: what a form is about is a text here.
"""
