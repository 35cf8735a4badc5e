"""One round of a site: its scales one after another, what is owed, snapshots."""
