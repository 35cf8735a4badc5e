"""A study site on this machine, its rows, and a tour of them."""
