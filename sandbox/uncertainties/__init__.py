"""What nobody knows yet about a pilot, and the guidance that authorities gave its company.

Promises that an uncertainty named at approval is answered, tested or declared open before the end.
Must not decide on the pilot.
"""
