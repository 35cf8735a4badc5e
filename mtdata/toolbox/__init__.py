"""The toolbox: is what a pool holds complete, clean and ready to analyse?  It changes no pool."""
