"""Figures: pictures of tables and numbers."""
