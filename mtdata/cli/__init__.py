"""The command line: words in, tables or JSON out; the work is done on the floors below."""
