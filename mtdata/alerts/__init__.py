"""How this machine keeps the promises of mtdata/ports.py; it never makes a rule of the house."""
