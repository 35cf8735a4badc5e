"""Hostile input by the hundred, in tables; it tests nothing itself."""
