"""What the web shows and takes of programme data."""
