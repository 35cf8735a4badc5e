"""Reports taken from other people's services, each in its own room, and where their files go."""
