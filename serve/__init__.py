"""The front ends: command line, HTTP API, web page, batch."""
