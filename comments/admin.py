"""The conversation in the admin."""
