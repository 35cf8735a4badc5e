"""The records of jobs in a database; whoever imports this room alone does not load Django."""
