"""Files of the record: found, read and held to their codebook."""
