"""What goes out: links, files proven to be what a job made, zips."""
