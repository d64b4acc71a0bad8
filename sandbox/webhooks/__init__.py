"""Webhooks: what people are told, told to the programs of their offices as well.

Promises signed deliveries of identifiers and links alone, written in the act's own transaction, tried
again until they are taken or given up. Must not carry names, texts or readings.
"""
