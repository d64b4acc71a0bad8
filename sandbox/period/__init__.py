"""The granted period (기간) of a pilot: change, extension, amendment of the law, conversion, revocation, end.

Promises that nothing happens by silence but what the law says, that a right which was lost stays lost, and
that no approval is revoked before city, committee and operator were heard. Must not know pages or mail.
"""
