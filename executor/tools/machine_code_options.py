"""`bef-run`'s options for machine code: making none, saving what is made, and taking what has been saved."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager, nullcontext

from tfrt.executor.support.errors import UsageError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("--no-native", dest="native", action="store_false", help="make no machine code of scalar functions")
    add(
        "--machine-code", action="append", default=[], metavar="FILE",
        help="take machine code from FILE, which --save-machine-code has written and must be trusted; needs no Numba",
    )  # fmt: skip
    add(
        "--save-machine-code", metavar="FILE",
        help="make machine code of all that runs, and save it for machines without Numba",
    )  # fmt: skip
    add(
        "--processor", metavar="LEVEL",
        help="with --save-machine-code: the processors that it is for, x86-64-v3 or x86-64-v4 (default: as this one)",
    )  # fmt: skip


def check(options: argparse.Namespace) -> None:
    """See that the options go with one another.

    Raises:
        UsageError: they do not.
    """
    if not options.native and options.machine_code:
        raise UsageError("--no-native and --machine-code exclude each other")
    if options.save_machine_code is None:
        if options.processor is not None:
            raise UsageError("--processor goes with --save-machine-code")
        return
    others = {
        "--no-native": not options.native,
        "--machine-code": bool(options.machine_code),
        "--dump-plan": options.dump_plan,
        "--compare-with": options.compare_with is not None,
    }
    for name, is_given in others.items():
        if is_given:
            raise UsageError(f"--save-machine-code and {name} exclude each other")


def recorded(options: argparse.Namespace) -> AbstractContextManager[None]:
    """What saves the machine code that is made meanwhile, if that is asked for."""
    if options.save_machine_code is None:
        return nullcontext()
    from tfrt.executor.support.saved_code import record

    return record(options.save_machine_code, options.processor)


def asked_for(options: argparse.Namespace) -> bool | None:
    """Whether the host makes machine code, at once or at all."""
    if options.save_machine_code is not None:
        return True
    return None if options.native else False
