"""Erasing a person's rows from a pool: search, plan, removal, certificate; it asks no site."""
