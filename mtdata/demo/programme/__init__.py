"""Example files of teams and form responses, and the demo that brings them in."""
