"""The daemon for long, at a site with faults now and then, and killed again and again."""
