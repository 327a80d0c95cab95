"""Arabic to English translation: segments, engines, and what to doubt about the result."""

__version__ = "0.1.0"
