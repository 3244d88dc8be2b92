"""Calls the program that crashes, as an application would."""

import trouble_kernels  # noqa: F401

import tfrt

program = tfrt.load("crash.bef")
try:
    program["main"]()
except tfrt.KernelError as error:
    print(f"{error} ({error.code})")
    print(*error.__notes__)
    print("caused by", repr(error.__cause__))
