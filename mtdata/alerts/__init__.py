"""How this machine keeps the promises of mtdata/study/ports.py; it never makes a rule of the house."""
