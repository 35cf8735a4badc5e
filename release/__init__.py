"""What makes a release and pins what it needs; no part of the program, and in no wheel."""
