"""The daemon: its loop, a worker for each site, and what is due when; it does no task itself."""
