"""Schemas of `report.json`: what every section puts into it, key by key."""
