"""Questions: from names to numbers, what the engine answers, and its labels."""
