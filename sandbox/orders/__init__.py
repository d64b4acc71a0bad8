"""Orders to a pilot's operator (Art. 52(4), D55): announced, heard, issued, carried out or missed.

Promises that none is issued before the operator had its say, and none without its appeal text.
"""
