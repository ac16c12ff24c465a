"""The world: databases, files, processes. It knows the core's words, not the application."""
