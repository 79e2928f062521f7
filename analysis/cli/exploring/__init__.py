"""The command `servanda explore`."""
