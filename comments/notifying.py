"""Whom a comment concerns."""
