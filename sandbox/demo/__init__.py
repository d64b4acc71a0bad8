"""The demonstration: known history and a synthetic city, served by a hub that plays them back.

Everything here feeds the service from outside, as a city would; nothing in the service knows of it.
"""
