"""Tries an image of bin/image, and the services of deploy/compose.yaml; no part of pytest."""
