"""Loading and running BEF files: asynchronous, multi-threaded, on kernels that are Python functions.

Each package imports only those below it; contracts in ``pyproject.toml`` hold that.

=================  ======================================================================================
`tools/`           the command line `bef-run`
`devices/`         op handlers that come with tfrt, beside the CPU's: a simulated one, PyTorch's
`core_runtime/`    ops dispatched one at a time, on op handlers that devices plug into
`engines/`         loaded programs, and what runs their functions: dataflow, plans
`runtime/`         hosts and requests, work queues, what becomes of exceptions
`declarations/`    what kernels and ops say of themselves, and what follows from it; nothing runs here
`bef/`             the file format: its description, its reader, what its writer is made of
`values/`          what registers hold: scalars, tensors, values that may not be there yet; attributes
`support/`         errors, locations, diagnostics; files, threads and the process
=================  ======================================================================================

The compiler imports the last four only. Nothing here imports the compiler, xDSL or lark; kernels (`tfrt.kernels`) stand
on `core_runtime/` and are imported by name, when a program first needs one.
"""
