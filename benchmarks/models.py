"""Networks that JAX writes, run by tfrt and by what else is installed: JAX, onnxruntime, PyTorch, and numpy by hand.

    python benchmarks/models.py [--networks TEXT] [--ways NAME,...] [--threads N,...] [--rounds N] [--json FILE]

For each network and number of threads there is a process, held to as many processors. It measures what the machine
reaches (`roofline.py`), before and after all ways run in turn within each round, as many calls of each, on the same
weights and inputs, to results that agree. Then each way starts anew, in processes of its own, to see how long it takes
to the first result, and how much memory. tfrt starts from a compiled file, and onnxruntime from a model's file. `tfrt`
runs on numpy alone, `tfrt-native` with Numba where that is installed, from a cache that the calls before have filled.
These are given weights as arguments; for `tfrt-file` and `native-file` they are constants in a file, as onnxruntime's
are. `code-file` is such a file, too, with machine code that has been saved before: it starts without Numba.

README.md says what the columns are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import roofline
from models_table import OURS, heading, rows
from networks.architectures import NETWORKS, Network
from networks.constants import with_constants
from run_memory import GIVEN_BACK, measured_arrays, measured_growth

ROOT = Path(__file__).parent
Call = Callable[[], Any]
AT_LEAST = 0.005
"""Seconds that the fastest way runs in a round, which may be one call or many."""
FEW, MANY = 5, 100
"""As many calls at least, if they do not take longer than `AT_MOST`, and at most."""
AT_MOST = 0.05
"""Seconds that the slowest way runs in a round, if that is more than one call."""


def in_tfrt(network: Network, file: Path, threads: int, native: bool = False) -> Call:
    import tfrt

    host = tfrt.HostContext("s" if threads == 1 else f"mstd:{threads}", native=native)
    run = tfrt.load(file.read_bytes(), host=host)["main"]
    weights, inputs = network.arrays()
    arguments = [*weights.values(), *inputs]
    return lambda: run(*arguments)


def in_native_tfrt(network: Network, file: Path, threads: int) -> Call:
    """The same, with machine code for what takes long, made at the first call or found in the cache."""
    return in_tfrt(network, file, threads, native=True)


def in_tfrt_with_constants(network: Network, file: Path, threads: int, **options: Any) -> Call:
    """The weights are the program's, in a file, as those of onnxruntime's are."""
    import tfrt

    host = tfrt.HostContext("s" if threads == 1 else f"mstd:{threads}", **{"native": False, **options})
    run = tfrt.load(file.read_bytes(), host=host, weights=_weights_of(file))["main"]
    inputs = network.arrays()[1]
    return lambda: run(*inputs)


def in_native_tfrt_with_constants(network: Network, file: Path, threads: int) -> Call:
    return in_tfrt_with_constants(network, file, threads, native=True)


def in_saved_tfrt_with_constants(network: Network, file: Path, threads: int) -> Call:
    """The same, with machine code that another process has saved."""
    code = _code_of(file, threads)
    return in_tfrt_with_constants(network, file, threads, native=None, machine_code=code)


def in_numpy(network: Network, file: Path, threads: int) -> Call:
    from networks import in_numpy as ops

    weights, inputs = network.arrays()
    return lambda: network.forward(ops, weights, inputs)


def in_jax(network: Network, file: Path, threads: int) -> Call:
    import jax
    from networks import in_jax as ops

    weights, inputs = jax.device_put(network.arrays())
    run = jax.jit(lambda weights, inputs: network.forward(ops, weights, inputs))
    return lambda: run(weights, inputs).block_until_ready()


def in_torch(network: Network, file: Path, threads: int) -> Call:
    import torch
    from networks import in_torch as ops

    torch.set_num_threads(threads)
    weights, inputs = network.arrays()
    tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
    arguments = [torch.from_numpy(array) for array in inputs]

    def run() -> Any:
        with torch.inference_mode():
            return network.forward(ops, tensors, arguments)

    return run


def in_onnxruntime(network: Network, file: Path, threads: int) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
    feeds = dict(zip(network.inputs, network.arrays()[1], strict=True))
    return lambda: session.run(None, feeds)[0]


WAYS: dict[str, tuple[Callable[[Network, Path, int], Call], tuple[str, ...]]] = {
    "tfrt": (in_tfrt, ()),
    "tfrt-native": (in_native_tfrt, ("numba",)),
    "tfrt-file": (in_tfrt_with_constants, ()),
    "native-file": (in_native_tfrt_with_constants, ("numba",)),
    "code-file": (in_saved_tfrt_with_constants, ("numba",)),
    "numpy": (in_numpy, ()),
    "jax": (in_jax, ("jax",)),
    "torch": (in_torch, ("torch",)),
    "onnxruntime": (in_onnxruntime, ("onnxruntime", "onnx")),
}
"""What makes a call of a network, from the file that `write_file` has written for it, and the packages it needs."""


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = _options(argv)
    if options.part is not None:
        return PARTS[options.part](options)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        programs = {name: _write_files(NETWORKS[name], files, options.ways) for name in options.networks}
        record: dict[str, Any] = {}
        for threads in options.threads:
            for name in options.networks:
                found = _measure(name, threads, files, options, programs[name])
                if name == options.networks[0]:
                    print("\n".join(heading(threads, found["machine"])))
                record[f"{name}, {threads}"] = found
                print("\n".join(rows(name, found)), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(record, indent=1), encoding="utf-8")
    return 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="", metavar="TEXT", help="only networks whose name contains TEXT")
    parser.add_argument("--ways", default=",".join(WAYS), metavar="NAME,...", help="only these (default: all)")
    parser.add_argument("--threads", default="1,2", metavar="N,...", help="numbers of threads (default: 1,2)")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="interleaved repetitions (default: 15)")
    parser.add_argument("--starts", type=int, default=3, metavar="N", help="starts of each way (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times to FILE")
    # What the processes are told that this one starts.
    parser.add_argument("--part", choices=[*PARTS], help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    options.networks = [name for name in NETWORKS if options.networks in name]
    options.ways = [way for way in options.ways.split(",") if all(map(find_spec, WAYS[way][1]))]
    options.threads = [int(number) for number in options.threads.split(",")]
    return options


def _write_files(network: Network, folder: Path, ways: list[str]) -> dict[str, Any]:
    """Write what ways start from; returns what is known of the program, and how many seconds it took to compile."""
    if "onnxruntime" in ways:
        from networks import in_onnx

        _file(network, "onnxruntime", folder).write_bytes(in_onnx.model(network, network.arrays()[0]))
    import tfrt
    from tfrt.executor.bef import read_bef
    from tfrt.executor.tools.program_work import function_work, planned_memory

    path = ROOT / "networks" / "texts" / f"{network.name}.mlir"
    text = path.read_text(encoding="utf-8")
    # The first time, a compiler also reads its own modules.
    for _ in range(2):
        start = time.perf_counter()
        compiled = tfrt.compile(text, path.name, opt_level=2)
        seconds = time.perf_counter() - start
    for way in ("tfrt", "tfrt-native"):
        _file(network, way, folder).write_bytes(compiled)
    for way in {"tfrt-file", "native-file", "code-file"}.intersection(ways):
        file = _file(network, way, folder)
        constant = with_constants(text, list(network.arrays()[0].values()))
        weights = str(_weights_of(file))
        file.write_bytes(tfrt.compile(constant, path.name, opt_level=2, externalize_constants=weights, larger_than=64))
    bef = read_bef(compiled)
    main = next(function for function in bef.functions if function.name == "main")
    weights, inputs = network.arrays()
    return {
        "compiled": seconds,
        "kernels": [asdict(work) for work in function_work(bef, main)],
        "given": sum(array.nbytes for array in (*weights.values(), *inputs)),
        "planned": planned_memory(bef, main),
    }


def _file(network: Network, way: str, folder: Path) -> Path:
    return folder / f"{network.name}.{way}"


def _weights_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.safetensors")


def _code_of(file: Path, threads: int) -> Path:
    return file.with_name(f"{file.name}.{threads}.code")


def _measure(
    name: str, threads: int, files: Path, options: argparse.Namespace, program: dict[str, Any]
) -> dict[str, Any]:
    """What is known of the program, what the machine reaches, and of each way seconds of its calls in each round and of
    its starts, and bytes: the most that a start has held, and those of runs."""
    command = [sys.executable, __file__, "--networks", name, "--threads", str(threads), "--files", str(files)]
    if "code-file" in options.ways:
        _output([*command, "--part", "record"], threads)
    steady = [*command, "--part", "steady", "--rounds", str(options.rounds), "--ways", ",".join(options.ways)]
    measured = json.loads(_output(steady, threads))
    ways: dict[str, dict[str, Any]] = {
        way: {"calls": calls, "starts": [], "held": []} for way, calls in measured["calls"].items()
    }
    # The first start of all may compile modules of Python's, and machine code.
    for number in range(options.starts + 1 if options.starts else 0):
        for way, numbers in ways.items():
            start = time.perf_counter()
            held = json.loads(_output([*command, "--part", "first", "--ways", way], threads))
            if number == 0:
                continue
            numbers["starts"].append(time.perf_counter() - start)
            numbers["held"].append(held)
    for way, numbers in ways.items() if options.starts else ():
        numbers |= json.loads(_output([*command, "--part", "memory", "--ways", way], threads))
    machine = roofline.of_json(measured["machine"])
    bound = machine.bound(program["kernels"], program["given"], program["planned"] or 0)
    return program | {"machine": measured["machine"], "roofline": bound, "ways": ways}


def _output(command: list[str], threads: int) -> str:
    limits = {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    environment = {**os.environ, **limits, **GIVEN_BACK} if "memory" in command else {**os.environ, **limits}
    # Installed packages have theirs, and so has whoever starts a program a second time.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    return done.stdout


def _only(options: argparse.Namespace) -> tuple[Network, int]:
    """The network and the number of threads of this process, which keeps to as many processors."""
    (threads,) = options.threads
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    return next(NETWORKS[name] for name in options.networks), threads


def _steady(options: argparse.Namespace) -> int:
    """Print, as JSON, what the machine reaches, and seconds of the calls of each way in each round, in which all have
    their turn."""
    network, threads = _only(options)
    machine = roofline.measure()
    calls = {way: WAYS[way][0](network, _file(network, way, options.files), threads) for way in options.ways}
    _compare({way: np.asarray(call()) for way, call in calls.items()}, network.name)
    count = _calls_in_a_round(calls)
    times: dict[str, list[list[float]]] = {way: [] for way in calls}
    for _ in range(options.rounds):
        for way, call in calls.items():
            times[way].append([_seconds(call) for _ in range(count)])
    machine = roofline.better(machine, roofline.measure())
    print(json.dumps({"calls": times, "machine": asdict(machine)}))
    return 0


def _calls_in_a_round(calls: dict[str, Call]) -> int:
    """How many calls of each way are in a round: as many of one as of another, since the first of them reads weights
    and code from memory, the others from the caches."""
    least = [min(_seconds(call) for _ in range(FEW)) for call in calls.values()]
    wanted = min(MANY, max(FEW, int(AT_LEAST / min(least))))
    return max(1, min(wanted, int(AT_MOST / max(least))))


def _compare(results: dict[str, np.ndarray], name: str) -> None:
    """
    Raises:
        ValueError: two ways disagree.
    """
    (first, expected), *others = results.items()
    for way, result in others:
        if result.shape != expected.shape or not np.allclose(result, expected, rtol=1e-3, atol=1e-4):
            raise ValueError(f"{name}: {way} and {first} disagree")


def _seconds(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _record(options: argparse.Namespace) -> int:
    """Save the machine code of a network."""
    import tfrt

    network, threads = _only(options)
    file = _file(network, "code-file", options.files)
    with tfrt.record_machine_code(_code_of(file, threads)):
        in_native_tfrt_with_constants(network, file, threads)()
    return 0


def _first(options: argparse.Namespace) -> int:
    """Run one way once, and print the most bytes that this process has held."""
    network, threads = _only(options)
    (way,) = options.ways
    if way == "code-file":
        # As where they are not installed.
        sys.modules["numba"] = sys.modules["llvmlite"] = None  # type: ignore[assignment]
    np.asarray(WAYS[way][0](network, _file(network, way, options.files), threads)())
    print(_most_memory())
    return 0


def _memory(options: argparse.Namespace) -> int:
    """Print, as JSON, how many bytes a run of one way takes beyond weights and arguments."""
    network, threads = _only(options)
    (way,) = options.ways

    def make() -> Call:
        return WAYS[way][0](network, _file(network, way, options.files), threads)

    found: dict[str, Any] = {"grown": measured_growth(make, keeps=way == "onnxruntime")}
    if way in OURS or way == "numpy":
        found |= measured_arrays(make())
    print(json.dumps(found))
    return 0


def _most_memory() -> int:
    """Bytes. What `getrusage` says would count what the process held from which this one was forked."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


PARTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "record": _record,
    "steady": _steady,
    "first": _first,
    "memory": _memory,
}
"""What the processes do that this one starts."""


if __name__ == "__main__":
    sys.exit(main())
