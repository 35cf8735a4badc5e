"""One round of a site: its scales one after another, and what it tells."""
