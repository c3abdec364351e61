"""How well posts are liked: the numbers that rivers are ordered by."""
