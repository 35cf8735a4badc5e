"""What the web shows of web logs alone: sites, their days, and what was left out."""
