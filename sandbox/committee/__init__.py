"""The committee (위원회): seats, meetings, declared interests, votes, resolutions, minutes, experts.

Promises that nobody votes on what touches their own office or interest, that the recused count
neither for the quorum nor for the majority, and that every resolution keeps its arithmetic.
Must not know web or mail.
"""
