"""Track records: the credibility of an actor over time."""
