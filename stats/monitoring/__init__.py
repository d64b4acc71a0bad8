"""Safety and looking early: margins, sequences that hold at every look, planned looks, many tests."""
