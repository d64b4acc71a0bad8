"""Claims for damage (손해배상 청구): filed by residents, answered by the company in time, reported (D57-3).

Promises that what identifies a claimant is sealed, is read by the parties to the claim alone, and is
erased when its time is over. Must not judge who is right.
"""
