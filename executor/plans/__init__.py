"""Plans: functions run as straight-line Python, which falls back to dataflow where that is not enough.

The dataflow executor (`tfrt.executor.dataflow`) can run everything, and pays for it with every kernel. Most of the time
nothing is pending and nothing fails; then a function is just a list of calls.

=================  ==================================================================================
`effects.py`       which functions may run in any order
`planned.py`       a function with its plans: how it is entered, and when it moves to the next tier
`table.py`         the first tier: a loop over a table of kernels
`generate.py`      the second tier: one generated Python function
`native.py`        the third tier, optional: machine code
`native_calls.py`  how signals and cancellation reach machine code
`scope.py`         what generated lines mean: for each, the function, the kernel and the registers
`signals.py`       how a plan says that it cannot go on
`hand_over.py`     how a plan that cannot go on becomes calls of the dataflow executor
`dump.py`          plans for people to read
=================  ==================================================================================

**Invariants of the hand-over.**

1. A plan runs kernels in the file's order, one after the other, on one thread. So where it stands is one kernel number,
   and the kernels before it are those that have run.
2. Registers hold plain values. A plan never stores an `AsyncValue` and goes on.
3. A plan that cannot go on raises: `Pending` after a kernel whose results are not all plain, `Stop` where the request
   was cancelled, or what a kernel raised. Nothing catches it before the function that was entered from outside, so the
   traceback holds every call in between with its registers.
4. What has run is not run again, unless it is pure.
5. Functions have plans only if nobody can tell in which order their kernels run (`effects.py`).
"""
