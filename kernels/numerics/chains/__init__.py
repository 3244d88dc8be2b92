"""Chains of functions, elementwise or with reductions, in one pass over memory."""
