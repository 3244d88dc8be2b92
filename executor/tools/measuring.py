"""What `bef-run` measures: its options ``--trace``, ``--report`` and ``--profile``.

What they need is imported where it is used, as in `bef_run.py`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import SourceLookup
from tfrt.executor.support.errors import UsageError

if TYPE_CHECKING:
    from tfrt.executor.runtime.profile import Profile

_EVENT_LEVELS = ("functions", "kernels", "values")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add(
        "--profile", metavar="FILE",
        help="write how long each kernel takes to FILE, for the pass apply-profile; -: print that as a table",
    )  # fmt: skip
    add(
        "--trace",
        metavar="FILE",
        help="write what ran when, where and why so late as trace events, which Perfetto opens",
    )
    add(
        "--trace-level", choices=_EVENT_LEVELS, metavar="LEVEL",
        help="functions: requests and functions, with plans; kernels (default): each kernel; values: its values, too",
    )  # fmt: skip
    add("--report", metavar="FILE", help="write what took how long as a page of HTML, with timeline, graphs and source")


def check(options: argparse.Namespace) -> None:
    """See that options for recording events go with the others.

    Raises:
        UsageError: they do not.
    """
    for name, path in (("--trace", options.trace), ("--report", options.report)):
        if path is not None and options.dump_plan:
            raise UsageError(f"{name} and --dump-plan exclude each other: what is traced has run")
        if path is not None and options.compare_with is not None:
            raise UsageError(f"{name} and --compare-with exclude each other: run one program at a time")
    if options.trace_level is not None and options.trace is None:
        raise UsageError("--trace-level goes with --trace")
    if options.report is not None and options.trace_level == "functions":
        raise UsageError("--report is about kernels, which --trace-level=functions leaves out")


def record(options: argparse.Namespace, until: ExitStack, source: SourceLookup) -> Callable[[], None] | None:
    """Record events until then; returns what writes them."""
    if options.trace is None and options.report is None:
        return None
    from tfrt.executor.engines.traces import recording, write_trace
    from tfrt.executor.runtime.events import EventTrace
    from tfrt.executor.support.spans import collected

    spans = until.enter_context(collected())
    events = until.enter_context(recording(EventTrace(options.trace_level or "kernels")))

    def write() -> None:
        if options.trace is not None:
            write_trace(options.trace, events, spans)
        if options.report is not None:
            from tfrt.executor.tools.report import report

            title = f"{os.path.basename(options.file)} on {options.work_queue_type}"
            cli.write_text(options.report, report(events, spans, title, source))

    return write


def write_profile(path: str, profile: Profile, host: HostContext) -> None:
    """Write a profile to a file, or print it as a table where that is ``-``."""
    from tfrt.executor.declarations.kernel_profile import profile_table, write_profile

    if path == "-":
        host.write(profile_table(profile.kernels()))
    else:
        cli.write_text(path, write_profile(profile.kernels()))
