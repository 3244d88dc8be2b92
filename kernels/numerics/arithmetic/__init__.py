"""Arithmetic on the elements of arrays, one file a kind of number, and numbers of one kind as those of another."""
