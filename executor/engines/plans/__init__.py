"""Plans: functions run as straight-line Python, which falls back to dataflow where that is not enough.

The dataflow executor (`tfrt.executor.engines.dataflow`) can run everything, and pays for it with every kernel. Most of
the time nothing is pending and nothing fails; then a function is just a list of calls. What is said here of the
dataflow executor holds for the interpreter of synchronous functions, too, in which those go on.

===================  ================================================================================
`planned.py`         a function with its plans: how it is entered, and when it moves to the next tier
`plan.py`            the same, as the tiers see it
`facts.py`           what follows from the program before anything has run: effects, classes, nesting
`table.py`           the first tier: a loop over a table of kernels
`generate.py`        the second tier: one generated Python function
`native.py`          the third tier, optional: machine code
`native_runtime.py`  what machine code calls
`native_calls.py`    how signals and cancellation reach machine code
`classes.py`         of which Python class the values of registers are
`names.py`           the global names of generated source
`scope.py`           what generated source means: each function's registers, and the exits
`signals.py`         how a plan says that it cannot go on
`hand_over.py`       how a plan that cannot go on becomes calls of the dataflow executor
===================  ================================================================================

**Invariants.**

1. A plan runs kernels in the file's order, one after the other, on one thread. So where it stands is one kernel number,
   and the kernels before it are those that have run.
2. Registers hold plain values, those of scalar types of one Python class (`classes.py`). A plan never stores an
   `AsyncValue` and goes on.
3. Each place where a plan may have to stop has a handler of its own, which knows the kernel. There are three reasons: a
   kernel has returned what is not plain, the request is cancelled, and a kernel has raised. Then the plan raises a
   `HandOver` that holds what its kernels have come to. All other exceptions pass through it untouched.
4. Nothing that ran runs again, unless it is pure.
5. Functions have plans only if nobody can tell in which order their kernels run (`tfrt.executor.declarations.effects`).

**Why nothing runs twice.** A function's call goes on in the dataflow executor only from a `HandOver`, or from the
start. A `HandOver` is raised by a handler or an exit, in which the kernels before the one where it stands are recorded
(1, 3): the dataflow executor takes their results instead of running them. The one where it stands is recorded, too, if
its call has been begun: it has returned, or raised, or the function that was run in its stead has itself handed over.
If that function has ended otherwise, its caller catches nothing, so the whole call ends, up to `Planned.enter`. From
the start a call begins anew only if it has been refused before its first kernel, or if Python's stack has ended in a
function all of whose kernels are pure. An exception from outside that arrives in the call of a kernel is the kernel's
failure; one that arrives elsewhere ends the call (3). It never leads to a `HandOver`, and so nothing goes on from it.
`tests/executor/engines/plans/test_injected_exceptions.py` raises exceptions before each bytecode of the engine.
"""
