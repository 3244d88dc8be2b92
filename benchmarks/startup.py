"""How long each command line takes to start and do next to nothing, against bare Python and ``import numpy``.

    python benchmarks/startup.py [RUNS]

Every round runs each command once, in turn, so that a busy machine slows all alike; shown are medians, how many times
as long as bare Python each takes, and what some should stay below. Modules are compiled to bytecode once, as a user has
them, whatever `PYTHONDONTWRITEBYTECODE` says.
"""

from __future__ import annotations

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

ROUNDS = 11

PROGRAM = """\
func.func @main() -> i32 {
  %x = tfrt.constant.i32 7
  tfrt.return %x : i32
}
"""


def elapsed(command: list[str]) -> float:
    """The wall-clock time, in seconds, that a command takes."""
    start = time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
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


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
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
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(elapsed(command))
    bare = median(times["python -c pass"])
    print(f"{'':26}{'median':>10}{'least':>10}{'of bare Python':>16}   ({rounds} rounds)")
    for name, found in times.items():
        limit = LIMITS.get(name)
        verdict = "" if limit is None else f"  {'met' if median(found) <= limit else 'missed'}: at most {limit:g} s"
        line = f"{name:26}{median(found) * 1000:7.0f} ms{min(found) * 1000:7.0f} ms{median(found) / bare:15.1f}x"
        print(line + verdict)


if __name__ == "__main__":
    main()
