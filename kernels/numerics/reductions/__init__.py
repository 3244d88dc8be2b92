"""Many elements combined into one: all along a dimension, and those that a window sees."""
