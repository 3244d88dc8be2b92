"""Factors, eigenvalues and solutions of systems of equations, of stacks of matrices."""
