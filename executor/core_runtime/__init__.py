"""The core runtime: ops dispatched one at a time, on op handlers that devices plug into.

Each module imports those above it only.

=======================  ===============================================================================
`device_packages.py`     devices of installed packages
`handlers.py`            the op handlers of a host by name, and their devices
`transfer.py`            moving tensors between devices
`stream_device.py`       devices with a thread of their own
`eager_caller.py`        lines of Python that call ops
`notebook.py`            tensors in notebooks
`tensor_handle.py`       a tensor that is there, or will be
`op_handler.py`          the interface that a device provides; the null handler
`short_cut.py`           the short way through dispatch, where nothing has to be waited for
`dispatch.py`            what all handlers do with an op: metadata first, tensors later
`cpu_op_handler.py`      ops on the host
`logging_op_handler.py`  ops of another handler, logged
`composite_op.py`        functions of a program as ops
`eager_op.py`            ops ready to be called from Python, and chains that order them
`core_runtime.py`        `CoreRuntime`: executing ops, from Python and from programs
=======================  ===============================================================================
"""
