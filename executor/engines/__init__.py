"""Loaded programs, and what runs their functions.

=======================  =====================================================================================
`program.py`             `Program`: a file on a host
`function.py`            `Function`: one of its functions, ready to call
`outcomes.py`            what callers get of results that may not be there
`bound_functions.py`     the kernels of a function, bound to their places
`binding.py`             fitting a kernel to one place in a program
`graph.py`               a function made ready to run: its kernels bound, with what each reads and wakes
`dataflow.py`            runs everything: each kernel as soon as its operands are there
`frame.py`               one call of it: which kernels run now, and which elsewhere or later
`frame_tasks.py`         what a call leaves in the work queue
`call_state.py`          what a call has come to: its registers, its promises, its failures
`traced_frame.py`        one call of it while there is a trace
`recorded.py`            what a call has come to elsewhere, from which it goes on
`sync_interpreter.py`    runs synchronous functions, kernel after kernel
`running.py`             what is running at this moment, for who interrupts it
`traces.py`              recording what happens on all hosts
`stepping.py`            where a program stops that somebody steps through
`debugger.py`            stepping through a program from Python
`pictures.py`            programs and functions as pictures
`notebook.py`            programs and functions in notebooks
`plans/`                 functions as straight-line Python, as long as nothing is pending or fails
=======================  =====================================================================================
"""
