"""Evaluation: how well models predict what they have not seen."""
