"""Scores, reports and gates for translations and summaries."""
