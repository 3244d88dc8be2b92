"""Calls the program that hangs, with a deadline, and then looks at what it waits for."""

import trouble_kernels  # noqa: F401

import tfrt

program = tfrt.load("hang.bef")
try:
    program["main"].call_within(0.2)
except tfrt.DeadlineExceededError as error:
    print(error)

with program.step() as debugger:
    try:
        debugger.continue_(timeout=0.2)
    except tfrt.DeadlineExceededError as error:
        print(error)
