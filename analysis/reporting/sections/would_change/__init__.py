"""What would change the answer: more that were seen, less that were coded, assumptions that were wrong."""
