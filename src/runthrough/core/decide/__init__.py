"""Commands and state to events; one module a family of commands."""
