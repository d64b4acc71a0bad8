"""Suspensions of pilots and the proposals that lead to them (Art. 52(4)1).

Promises that nothing suspends by itself: a proposal waits for the Minister, who alone suspends.
"""
