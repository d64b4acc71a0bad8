"""Inference with few clusters, and with few treated ones."""
