"""A study of sixty days whose faults are known: who took part, what went wrong, the pool of it."""
