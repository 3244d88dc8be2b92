"""What kernels of several dialects share: C's arithmetic and formatting, and printing values."""
