"""Regimes (규제샌드박스 제도): the law that a case runs under, as versioned data files.

Promises that a case keeps the version under which it was filed. Must not hold a rule of any one
law in code.
"""

from sandbox.regimes.load import Kind, PlanItem, Regime, open_regimes, regime, regimes, use_folder

__all__ = ["Kind", "PlanItem", "Regime", "open_regimes", "regime", "regimes", "use_folder"]
