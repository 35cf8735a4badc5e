"""The tables of teams and form responses, and of the files that bring them."""
