"""The flow: gather facts, load, decide, append, show. It reaches the world only through ports."""
