"""The doors: Python, command line."""
