"""Sections on whether a report can be trusted: scores, checks of the fit, what is not measured, and what is missing."""
