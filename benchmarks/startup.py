"""How long each command line takes to start and do next to nothing, against bare Python and ``import numpy``.

    python benchmarks/startup.py [RUNS]

Every round runs each command once, in turn, so that a busy machine slows all alike; shown are medians and how
many times as long as bare Python each takes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import tfrt

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
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        source, bef = Path(folder, "main.mlir"), Path(folder, "main.bef")
        source.write_text(PROGRAM)
        bef.write_bytes(tfrt.compile(PROGRAM, str(source)))
        python = [sys.executable]
        commands = {
            "python -c pass": [*python, "-c", "pass"],
            "python -c 'import numpy'": [*python, "-c", "import numpy"],
            "bef-run": [*python, "-m", "tfrt.executor.tools.bef_run", str(bef)],
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
        print(f"{name:26}{median(found) * 1000:7.0f} ms{min(found) * 1000:7.0f} ms{median(found) / bare:15.1f}x")


if __name__ == "__main__":
    main()
