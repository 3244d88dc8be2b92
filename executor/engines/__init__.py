"""Loaded programs, and what runs their functions.

=======================  =====================================================================================
`program.py`             `Program` and `Function`: a file on a host, ready to call
`binding.py`             fitting a kernel to one place in a program
`graph.py`               a function made ready to run: its kernels bound, tables by kernel number
`dataflow.py`            runs everything: each kernel as soon as its operands are there
`sync_interpreter.py`    runs synchronous functions, kernel after kernel
`plans/`                 functions as straight-line Python, as long as nothing is pending or fails
=======================  =====================================================================================
"""
