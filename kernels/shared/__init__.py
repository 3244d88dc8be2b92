"""What kernels of several dialects share: C's arithmetic and formatting, printing, functions by the kind of their
elements, and the bodies of reductions."""
