"""Form responses out: read in one picture of the table, written as a file, put into OUTPUT."""
