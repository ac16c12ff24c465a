"""State and history shaped for readers; plain JSON-able mappings with documented keys."""
