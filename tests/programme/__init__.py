"""Tests of programme data: teams and form responses."""
