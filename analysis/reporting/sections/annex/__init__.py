"""What only the annex has room for."""
