"""Exceptions of a signal's handler, at every point where the interpreter may run one.

That is where a Python function begins, after a call of a function in C, and where a loop jumps back; see ``RESUME``,
``CHECK_EVAL_BREAKER`` in CPython 3.11's ``ceval.c``. A trace function and a profile function stand for the handler.
"""

import sys
from opcode import opname

_JUMPS = {code for code, name in enumerate(opname) if "JUMP_BACKWARD" in name and "NO_INTERRUPT" not in name}


class Injected(Exception):
    """What the handler raises."""


class InjectedBase(BaseException):
    """What it may raise, too."""


def interrupted(work, at, is_watched, error=Injected):
    """Call `work`, and raise `error` at the `at`-th point (from 1) in the frames that are watched.

    Returns:
        Whether there are so many points, and what `work` has raised.
    """
    seen = 0
    is_raised = False

    def point():
        nonlocal seen, is_raised
        seen += 1
        if seen == at:
            is_raised = True
            raise error

    def trace(frame, event, _):
        if is_raised or not is_watched(frame):
            return None
        if event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            point()
        elif event == "opcode":
            code = frame.f_code.co_code[frame.f_lasti]
            if code in _JUMPS:
                point()
        return trace

    def profile(frame, event, _):
        if event == "c_return" and not is_raised and is_watched(frame):
            point()

    outer = sys.gettrace(), sys.getprofile()
    raised = None
    try:
        sys.setprofile(profile)
        sys.settrace(trace)
        work()
    except BaseException as caught:
        raised = caught
    finally:
        sys.settrace(outer[0])
        sys.setprofile(outer[1])
    return is_raised, raised
