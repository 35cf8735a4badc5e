"""Suites that a fake and the real adapter of a port both pass; they test no adapter by name."""
