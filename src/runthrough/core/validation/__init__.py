"""A configuration and facts to every problem, each with a fix."""
