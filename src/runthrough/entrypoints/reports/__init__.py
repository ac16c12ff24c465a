"""A run told to others: JUnit XML, one HTML page, Markdown, and annotations for GitHub."""
