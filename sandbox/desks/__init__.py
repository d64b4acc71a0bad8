"""Desks: which cases lie before whom, in which order, what is to be done next, and who takes it.

Lines are kept beside the cases and renewed with every act, so that a desk is one question to one index
however many cases there are. They are never the source: `keeping` writes them anew from the case file.
"""
