"""Random numbers that a key and a counter determine."""
