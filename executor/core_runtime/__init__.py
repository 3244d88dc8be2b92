"""The core runtime: ops dispatched one at a time, on op handlers that devices plug into.

=====================  ===============================================================================
`core_runtime.py`      `CoreRuntime`: executing ops, from Python and from programs
`op_handler.py`        the interface that a device provides; the null handler
`eager_op.py`          ops ready to be called from Python, and chains that order them
`short_cut.py`         the short way through dispatch, where nothing has to be waited for
`dispatch.py`          what all handlers do with an op: metadata first, tensors later
`cpu_op_handler.py`    ops on the host
`device_packages.py`   devices of installed packages
`transfer.py`          moving tensors between devices
`op_registry.py`       the decorator that registers ops with their metadata functions
`composite_op.py`      functions of a program as ops
`tensor_handle.py`     a tensor that is there, or will be
`op_attrs.py`          the attributes of an op
=====================  ===============================================================================
"""
