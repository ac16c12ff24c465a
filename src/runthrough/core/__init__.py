"""What is true and what is allowed: pure decisions over facts that others gathered."""
