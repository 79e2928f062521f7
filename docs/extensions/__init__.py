"""What the documentation does beyond Sphinx: a gallery, notebooks to take along, and names that link."""
