"""What kernels of several dialects share: C's arithmetic and formatting, printing, and the bodies of reductions."""
