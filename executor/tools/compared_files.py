"""Running two files on the same inputs: ``bef-run a.bef --compare-with b.bef``."""

from __future__ import annotations

import argparse
import io
from functools import cache

from tfrt.executor.engines.program import Program
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.recording import Recording
from tfrt.executor.support import cli
from tfrt.executor.support.diagnostics import source_below
from tfrt.executor.support.errors import LoadError
from tfrt.executor.tools.bef_files import open_file
from tfrt.executor.tools.compare import Side, compare
from tfrt.executor.tools.recorded_values import kept, op_names
from tfrt.executor.tools.runs import available, execute, plan
from tfrt.executor.values.weights import weights_of


def compare_files(options: argparse.Namespace) -> int:
    """Run two files on the same inputs, and show where they first differ; returns the exit code."""
    source = cache(source_below(options.source_root))
    weights = options.weights if options.compare_weights is None else options.compare_weights
    try:
        first = _side(options.file, options.weights, options)
        second = _side(options.compare_with, weights, options)
    except LoadError as error:
        cli.report(error.diagnostics, source)
        return cli.BAD_USAGE
    differences, compared = compare(first, second, options.expected_tolerance)
    cli.report(differences, source)
    before = " before that" if differences else ""
    cli.write_text("-", f"{compared} values of kernels at the same places agree{before}\n")
    return cli.FAILED if differences else cli.OK


def _side(path: str, weights: str | None, options: argparse.Namespace) -> Side:
    bef = open_file(path)
    recording = Recording(kept, operands=False)
    # What kernels print is not what is asked for.
    with HostContext(options.work_queue_type, profile=recording, out=io.StringIO()) as host:
        program = Program(bef, host, weights_of(weights))
        found = {}
        for run in plan(program, options):
            if run.function.name and (run.explicit or not run.function.argument_types):
                results = execute(run, host)
                host.quiesce()
                found[run.function.name] = tuple(map(kept, available(results)))
    return Side(path, recording.runs(), found, op_names(bef))
