"""Reading a program whose weights are a blob of hexadecimal digits, against `bytes.fromhex` of the digits alone.

Run ``python benchmarks/blobs.py [MEGABYTES] [ROUNDS]``. Both run in turn within one process, so that a slow moment of
the machine hits each. It prints the median rate of each, in megabytes of weights a second, and the ratio.
"""

from __future__ import annotations

import random
import statistics
import sys
import time

from tfrt.compiler.frontend import parse_module


def main() -> None:
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 3.6
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    count = int(megabytes * 1e6) // 4
    digits = random.Random(0).randbytes(4 * count).hex()
    text = f'"x.op"() {{weights = dense<"0x{digits}"> : tensor<{count}xf32>}} : () -> ()'
    parse_module(text, allow_unregistered=True)
    reading: list[float] = []
    converting: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        parse_module(text, allow_unregistered=True)
        between = time.perf_counter()
        bytes.fromhex(digits)
        reading.append(between - start)
        converting.append(time.perf_counter() - between)
    rates = [4 * count / statistics.median(seconds) / 1e6 for seconds in (reading, converting)]
    print(f"reading a program  {rates[0]:8.0f} MB/s")
    print(f"bytes.fromhex      {rates[1]:8.0f} MB/s")
    print(f"ratio              {rates[1] / rates[0]:8.2f}")


if __name__ == "__main__":
    main()
