"""How long each command line takes to start and do next to nothing, against bare Python and ``import numpy``.

    python benchmarks/startup.py

Every round runs each command once, in turn, so that a busy machine slows all alike; shown are medians, how many times
as long as bare Python each takes, and what some should stay below. Modules are compiled to bytecode once, as a user has
them, whatever `PYTHONDONTWRITEBYTECODE` says.

Then what loading a file of a function with 10,000 kernels takes, in microseconds a kernel, each time in a process that
has loaded and run nothing but a small program before: without calling the function, which is not decoded then, and with
its first run. Without numpy, which programs of scalars do not need, functions are decoded when a file is loaded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

import tfrt

ROOT = Path(__file__).parent
LIMITS = {"bef-run": 0.2, "bef-run of fib": 0.2, "bef-run of mlp-1": 0.35}
"""Seconds from the shell to the printed answer."""

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

ROUNDS = 11

KERNELS = 10_000
"""In the file that is loaded; a call takes as many microseconds a kernel as this says, at most."""
AT_MOST = 4.0

LOADING = """\
import sys, time
if {numpy}:
    import numpy
import tfrt
small, large = [open(path, "rb").read() for path in sys.argv[1:]]
tfrt.load(small)["main"]()
start = time.perf_counter()
program = tfrt.load(large)
loaded = time.perf_counter()
program["f"](0, 1)
print(loaded - start, time.perf_counter() - start)
"""
"""Prints how many seconds it takes until a file is loaded, and until its function has run."""

PROGRAM = """\
func.func @main() -> i32 {
  %x = tfrt.constant.i32 7
  tfrt.return %x : i32
}
"""


def elapsed(command: list[str]) -> float:
    """The wall-clock time, in seconds, that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def _write(folder: Path, source: Path, opt_level: int) -> str:
    path = folder / f"{source.stem}.bef"
    path.write_bytes(tfrt.compile(source.read_text(encoding="utf-8"), source.name, opt_level=opt_level))
    return str(path)


def _write_inputs(folder: Path, program: str) -> str:
    """An .npz file with arrays for the arguments of a network's function."""
    types = tfrt.load(program)["main"].argument_types
    shapes = [tuple(map(int, type.removeprefix("memref<").split("x")[:-1])) for type in types]
    path = folder / "inputs.npz"
    np.savez(path, **{f"arg{number}": np.full(shape, 0.01, np.float32) for number, shape in enumerate(shapes)})
    return str(path)


def loading(small: Path, large: Path, *, has_numpy: bool) -> list[float]:
    """Microseconds a kernel to load a file, and to load it and run its function, in a new process."""
    command = [sys.executable, "-c", LOADING.format(numpy=has_numpy), str(small), str(large)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT).stdout
    return [float(seconds) / KERNELS * 1e6 for seconds in found.split()]


def _chain_of_adds() -> bytes:
    body = "\n".join(f"  %r{i + 1} = tfrt.add.i32 %r{i}, %b" for i in range(KERNELS))
    return tfrt.compile(f"func.func @f(%r0: i32, %b: i32) -> i32 {{\n{body}\n  tfrt.return %r{KERNELS} : i32\n}}", "f")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help="interleaved repetitions (default: %(default)s)"
    )
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        source, bef = Path(folder, "main.mlir"), Path(folder, "main.bef")
        source.write_text(PROGRAM)
        bef.write_bytes(tfrt.compile(PROGRAM, str(source)))
        python = [sys.executable]
        run = [*python, "-m", "tfrt.executor.tools.bef_run"]
        fib = _write(Path(folder), ROOT.parent / "examples" / "fib" / "fib.mlir", 0)
        mlp = _write(Path(folder), ROOT / "networks" / "texts" / "mlp-1.mlir", 2)
        commands = {
            "python -c pass": [*python, "-c", "pass"],
            "python -c 'import numpy'": [*python, "-c", "import numpy"],
            "bef-run": [*run, str(bef)],
            "bef-run of fib": [*run, fib],
            "bef-run of mlp-1": [*run, "--function", "main", "--inputs", _write_inputs(Path(folder), mlp), mlp],
            "tfrt-translate": [*python, "-m", "tfrt.compiler.tfrt_translate", str(source), "-o", str(bef)],
            "tfrt-opt": [*python, "-m", "tfrt.compiler.tfrt_opt", str(source)],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            elapsed(command)  # the first run may compile modules to bytecode
        large = Path(folder, "large.bef")
        large.write_bytes(_chain_of_adds())
        loads: dict[bool, list[list[float]]] = {True: [], False: []}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(elapsed(command))
            for has_numpy, rows in loads.items():
                rows.append(loading(bef, large, has_numpy=has_numpy))
    bare = median(times["python -c pass"])
    print(f"{'':26}{'median':>10}{'least':>10}{'of bare Python':>16}   ({rounds} rounds)")
    for name, found in times.items():
        limit = LIMITS.get(name)
        verdict = "" if limit is None else f"  {'met' if median(found) <= limit else 'missed'}: at most {limit:g} s"
        line = f"{name:26}{median(found) * 1000:7.0f} ms{min(found) * 1000:7.0f} ms{median(found) / bare:15.1f}x"
        print(line + verdict)
    print(f"\n{f'{KERNELS} kernels, us a kernel':40}{'median':>10}{'least':>10}")
    for has_numpy, rows in loads.items():
        for what, found in zip(("loaded, not called", "loaded and run once"), zip(*rows, strict=True), strict=True):
            verdict = f"  {'met' if median(found) <= AT_MOST else 'missed'}: at most {AT_MOST:g} us"
            name = f"{what}, {'with' if has_numpy else 'without'} numpy"
            print(f"{name:40}{median(found):10.2f}{min(found):10.2f}{verdict}")


if __name__ == "__main__":
    main()
