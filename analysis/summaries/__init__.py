"""Summaries: an answer in numbers, words and checks."""
