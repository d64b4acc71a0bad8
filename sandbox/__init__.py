"""The institution: law, people, pages and API around the lab in ``experiments``."""
