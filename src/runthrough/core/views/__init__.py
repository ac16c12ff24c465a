"""State and history shaped for readers."""
