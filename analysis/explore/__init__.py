"""The page "What if?": the draws of a fit in a small file, and the program that answers from them in a browser."""
