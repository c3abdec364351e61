"""Writes comments: the only code that does."""
