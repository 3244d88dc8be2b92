"""Models of frameworks as programs: MLIR text, and a file of weights.

Each framework is a package, which needs the framework's own package only when it is used.
"""
