"""What kernels of several dialects share: C's arithmetic and formatting, printing values, and the bodies of reductions."""
