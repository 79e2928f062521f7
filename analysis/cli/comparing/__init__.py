"""The commands `servanda compare`."""
