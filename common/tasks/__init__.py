"""Many tasks that do not depend on one another, on this machine or on many."""
