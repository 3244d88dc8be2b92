"""Machine code of kernels, made by llvmlite where it is installed (with Numba): one file a family, as in `numerics`.

A family's ``with_native_…`` takes a kernel's `Run` made of numpy and returns one that changes over to machine code when
`choice` says so. Files and folders named ``…_code`` write it, with `vectors` and, for products, `tiles`, `few_rows` and
`parted_sums`; `blocks` runs it.
"""
