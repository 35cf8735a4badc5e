"""The study collector: from a study site into a pool that is provably complete."""
