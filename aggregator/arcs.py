"""The drawing of a conversation."""
