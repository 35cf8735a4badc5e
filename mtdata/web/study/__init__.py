"""What the web shows of the study alone: pools, sites and how they stand."""
