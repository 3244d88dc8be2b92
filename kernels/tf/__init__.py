"""TensorFlow's ops on the CPU op handler, one op family a module; each is imported when an op of it is first needed.

Semantics are TensorFlow's. Messages and result kinds are those of ``backends/cpu/lib/ops/tf`` and
``backends/common/lib/ops/tf/metadata_functions.cc`` in tensorflow/runtime where it has the op.
"""
