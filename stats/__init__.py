"""The numbers: panels in, estimates out.

Pure functions over arrays with frozen results. Knows neither web, database, clock nor network;
randomness is a ``numpy.random.Generator`` passed in.
"""
