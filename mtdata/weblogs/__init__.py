"""Web logs from a bucket into Matomo, each line once, then archived."""
