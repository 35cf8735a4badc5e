"""Runners by Celery: a broker wakes them; the records decide."""
