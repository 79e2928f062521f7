"""What nobody measured: how strong a common cause would have to be to undo a change."""
