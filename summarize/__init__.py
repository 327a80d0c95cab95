"""Summaries whose every sentence cites the segments it rests on."""
