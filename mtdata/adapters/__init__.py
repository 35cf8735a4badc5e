"""How the promises of mtdata/ports.py are kept on this machine; no rule of the house is made here."""
