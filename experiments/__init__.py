"""The lab: districts, metrics, plans, collection and evaluation.

Knows the database session it is handed and the numbers in ``stats``; knows neither the web
nor the law. What the institution allows reaches it as plain values (a ``Permit``, an ``Actor``).
"""
