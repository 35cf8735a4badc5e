"""How CAKE is asked, and how its answers are read; it writes no file."""
