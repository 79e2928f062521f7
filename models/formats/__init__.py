"""Network files and pgmpy: names, states, parents and tables, in and out."""
