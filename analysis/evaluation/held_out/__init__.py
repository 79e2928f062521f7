"""Held-out cases: how they are split, foretold by networks and by rivals, and scored."""
