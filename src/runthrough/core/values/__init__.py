"""Small frozen values: every type that a command or an event carries."""
