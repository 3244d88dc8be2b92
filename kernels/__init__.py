"""What ops do: kernels, one file (or package) a dialect, mirroring `dialects/`; and ops of the core runtime.

A kernel is a Python function with the decorator `tfrt.kernel`; `docs/extending.md` shows how to add one. Those of
dialect ``d`` are in the module ``tfrt.kernels.d``, or in the modules of that package, and are imported when a program
first needs one of them. In packages, modules named ``ops_…`` hold ops of op handlers, as do those of ``tf/``.

Beside dialects there are `numerics/` (functions of plain numpy arrays, and in `machine_code/` their machine code),
`shared/` (what kernels of several dialects need) and `native_functions.py` (Python functions behind ``tfrt.native``
functions).
"""
