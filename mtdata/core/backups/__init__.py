"""Backups: files by their digests in a folder or bucket, and a manifest of each backup; no duty."""
