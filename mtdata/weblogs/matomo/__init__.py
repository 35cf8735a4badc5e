"""Matomo: what it is sent, what its answers prove, and what it says of a site."""
