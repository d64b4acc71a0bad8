"""Similar cases (동일·유사 과제): what earlier cases share with one, and the fast track for the same ones.

Promises that a reader finds only what this reader may read: filed cases by their public facts, and the own
company's cases. Must not know pages, and holds no criterion or period of any one regime.
"""
