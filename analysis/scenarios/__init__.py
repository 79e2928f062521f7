"""Scenarios: a question with its case, and the fits that answer it."""
