"""What registers hold, and what attributes are.

=====================  =======================================================================================
`async_value.py`       a value that may not be there yet, and may come to be an error
`escaped.py`           what becomes of what escapes from a callback, which has no caller
`brief.py`             values in a few words, for messages
`chain.py`             the value that orders side effects
`dtype.py`             element types
`scalars.py`           which Python numbers are values of a scalar type
`results.py`           turning what a kernel returned into values of its results' types
`arguments.py`         turning what a caller passed into values of a function's types
`tensor.py`            tensors on the host
`memory.py`            whose memory arrays and tensors are in
`tensor_files.py`      reading and writing them: BTF, NPY
`array_files.py`       files of named arrays: NPZ, safetensors
`safetensors.py`       mapping and writing safetensors files
`weights.py`           arrays that programs refer to by name
`variable.py`          arrays under a name that programs read and replace
`stored_types.py`      how files of arrays hold element types that they have no name for
`shape.py`             shapes as values
`attributes.py`        how kernels declare attributes, and how files store them
`device.py`            devices as values
=====================  =======================================================================================
"""
