"""The report: answers to a scenario as one dictionary, and the files made from it."""
