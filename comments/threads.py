"""Puts a thread in order."""
