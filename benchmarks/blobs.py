"""Programs whose weights are blobs of hexadecimal digits: how fast they are read and compiled, and in how much memory.

Run ``python benchmarks/blobs.py``; the megabytes are the text's. Reading and compiling, in this
process, run in turn with `bytes.fromhex` of the digits alone, so that a slow moment of the machine hits each; shown are
median rates, in megabytes of text a second. Then the command line compiles the same text in a process of its own, and
its time and its largest memory are shown, next to those of a text without weights. Compiling should do more than
50 MB/s, and the process should never need more than 3 times as much as the text.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tfrt
from tfrt.compiler.frontend import parse_module

COUNT = 1 << 20
"""How many floats a constant has."""
EMPTY = "func.func @main() {\n  tfrt.return\n}\n"


def text_of(megabytes: float) -> tuple[str, str]:
    """A program of products with constants, and the digits of one."""
    size = 1024
    digits = random.Random(0).randbytes(4 * COUNT).hex()
    lines, before = [], "%x"
    for number in range(max(1, round(megabytes * 1e6 / len(digits)))):
        # No constant is like another.
        own = f"{number:08x}{digits[8:]}"
        types = f"tensor<{size}xf32>, tensor<{size}x{size}xf32>"
        lines.append(f'  %c{number} = stablehlo.constant dense<"0x{own}"> : tensor<{size}x{size}xf32>')
        lines.append(
            f"  %y{number} = stablehlo.dot_general {before}, %c{number}, contracting_dims = [0] x [0]"
            f" : ({types}) -> tensor<{size}xf32>"
        )
        before = f"%y{number}"
    body = "\n".join([*lines, f"  return {before} : tensor<{size}xf32>"])
    return f"func.func @main(%x: tensor<{size}xf32>) -> tensor<{size}xf32> {{\n{body}\n}}\n", digits


CHILD = """
import sys
from tfrt.compiler.tfrt_translate import main
code = main(sys.argv[1:])
# Of this process alone: what wait4 tells counts what the parent had when it forked.
(peak,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak)
raise SystemExit(code)
"""


def process(text: str, folder: Path, level: str) -> tuple[float, int]:
    """The time, in seconds, and the largest memory, in bytes, of a process that compiles a text."""
    source = folder / "model.mlir"
    source.write_text(text)
    command = [sys.executable, "-c", CHILD, level, str(source), "-o", str(folder / "model.bef")]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, int(done.stdout) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=32, metavar="N", help="of text (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="interleaved repetitions (default: %(default)s)"
    )
    options = parser.parse_args()
    megabytes, rounds = options.megabytes, options.rounds
    text, digits = text_of(megabytes)
    copies = round(len(text) / len(digits))
    ways: dict[str, Callable[[], object]] = {
        "bytes.fromhex": lambda: [bytes.fromhex(digits) for _ in range(copies)],
        "reading": lambda: parse_module(text),
        "compiling, -O0": lambda: tfrt.compile(text),
        "compiling, -O2": lambda: tfrt.compile(text, opt_level=2),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if run:  # the first one imports
                times[name].append(time.perf_counter() - start)
    for name, found in times.items():
        print(f"{name:18}{len(text) / statistics.median(found) / 1e6:8.0f} MB/s")
    with tempfile.TemporaryDirectory() as folder:
        for level in ("-O0", "-O2"):
            idle, base = process(EMPTY, Path(folder), level)
            seconds, memory = process(text, Path(folder), level)
            rate = f"{f'a process, {level}':18}{len(text) / seconds / 1e6:8.0f} MB/s"
            without = f"without weights {idle:.2f} s, {base / 1e6:.0f} MB"
            print(f"{rate}; {seconds:.2f} s, {memory / len(text):.2f} x the text; {without}")


if __name__ == "__main__":
    main()
