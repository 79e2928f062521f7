"""A document in every format: one builder of a tree, and a writer for each."""
