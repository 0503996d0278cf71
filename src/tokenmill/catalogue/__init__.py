"""Data with dates, sources and confidence grades."""
