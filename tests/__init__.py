"""The tests of MTData; nothing of the program imports them."""
