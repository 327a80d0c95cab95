"""Thousands of articles: records in, parts in between, one output."""
