"""Inspections of pilots by city and ministry (Art. 53(1), D56(1)): a checklist, findings, photos, tasks."""
