"""Targets of custom calls that come with tfrt: what JAX calls on the CPU, and StableHLO's own. One family a module."""
