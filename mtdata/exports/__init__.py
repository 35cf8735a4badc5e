"""Reports that are taken from other people's services; each service has its own room."""
