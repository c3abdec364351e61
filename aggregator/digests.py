"""The mail that sums up a day or a week."""
