"""Rapid confirmation (신속확인): does this technology need a permit at all, and whose (Art. 49-2)."""
