"""The files of a pool: raw files, sheets, and what is remembered of them."""
