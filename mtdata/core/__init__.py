"""The shared ground: clock, disk, locks, databases, stores, HTTP; it knows no duty."""
