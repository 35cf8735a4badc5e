"""An instance of CAKE on this machine, and what is exported from it."""
