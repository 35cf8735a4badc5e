"""Steps from one form of the tables to the next; none is ever changed after it was released."""
