"""The lines of web logs in the database of the records, for runners of several machines."""
