"""Sensitivity: what an answer leans on."""
