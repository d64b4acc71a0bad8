"""The final report (결과보고서): drawn from the registry, filed, supplemented, published with two keys.

Promises that no exit report is public before company and authority have both agreed. Decides nothing.
"""
