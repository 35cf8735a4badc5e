"""The web page and its API: they show and order; nothing of the study collection imports them."""
