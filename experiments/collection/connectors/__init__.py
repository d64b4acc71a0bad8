"""Connectors: one per kind of hub. Each turns pages into readings and knows no database."""
