"""How the tables of the web page came to be."""
