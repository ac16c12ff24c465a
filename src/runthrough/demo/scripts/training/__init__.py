"""Training code; its scripts share what they know of the tables by relative imports."""
