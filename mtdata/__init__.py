"""MTData moves data off servers that must not keep it, into a pool that is provably complete."""

__version__ = "0.1.0"
