"""What kernels and ops say of themselves, and what follows from that alone. Nothing here runs a program.

The compiler reads these declarations, too: it folds what is pure, lowers by the ops' shape functions, and keeps effects
in the order that the executor would.

============================  ===================================================================================
`annotations.py`              what parameters are given, by their annotations
`kernel.py`                   what a kernel is, and what its signature declares
`kernel_registry.py`          the `@kernel` decorator, and kernels by name
`finding.py`                  the modules, packages' included, in which kernels and ops are found
`native_functions.py`         Python functions behind ``tfrt.native`` functions
`prepared.py`                 what is known of the functions that kernels prepare, and how they are written
`runs.py`                     how ops and their kernels run functions
`callees.py`                  whether functions fit the kernels that run them
`laws.py`                     laws of arithmetic that kernels declare
`effects.py`                  which functions have side effects in one possible order
`op.py`                       what an op of the core runtime is
`pools.py`                    windows of images that an op combines
`op_signature.py`             what its functions take
`op_registry.py`              the `@cpu_op` decorator, and ops by name
`custom_calls.py`             the `@custom_call` decorator: ops that frameworks' programs call by name
`metadata.py`                 shapes and element types of tensors
`op_attrs.py`                 attributes of ops
`outlines.py`                 values that are no arrays, as a compiler sees them that looks for shapes
`broadcasting.py`             which shapes can be worked on by rows
`stablehlo_shapes.py`         which shapes go together in StableHLO's ops
`nn_shapes.py`                the same for layers
`stablehlo_window_shapes.py`  the same for products, windows, gathers and scatters
`kernel_profile.py`           what kernels were measured to take
============================  ===================================================================================
"""
