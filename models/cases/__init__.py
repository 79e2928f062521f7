"""Cases: data frames and files as coded, counted rows."""
