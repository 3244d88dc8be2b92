"""Devices that plug into the core runtime through its public interface, as those of other packages do.

=====================  ===============================================================================
`simulated.py`         an accelerator that exists only in software: memory, a stream and latency of its own
`torch_handler.py`     PyTorch's tensors and kernels, on its CPU or on CUDA (``pip install tfrt[torch]``)
`torch_ops.py`         the ops as functions of PyTorch's tensors
=====================  ===============================================================================
"""
