"""Adapters against the real thing or its stand-in; no test here knows the story around them."""
