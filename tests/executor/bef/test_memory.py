"""What reading costs in memory, for files that are built to cost much.

Real programs take about five times their file. A table of nothing but two-letter names, or of native functions,
takes most for its bytes, since a string or a record of Python's is what it is.
"""

from __future__ import annotations

import itertools
import tracemalloc

import pytest

from tests.executor.bef.conftest import Body, F, KernelParts, Parts, build, pseudo, vbr
from tfrt.executor.bef import read_bef
from tfrt.executor.support.errors import BefError

N = 2000
NAMES = [bytes(pair) for pair in itertools.islice(itertools.product(range(1, 256), repeat=2), N)]
CHAIN = [
    pseudo(N, [[1]]),
    *(
        KernelParts(
            location=2**31 + i,
            arguments=(i - 1,) if i else (),
            results=(i,),
            users=[[i + 2] if i < N - 1 else []],
        )
        for i in range(N)
    ),
]
EMPTY_BODY = Body(use_counts=(), results=(), kernels=[pseudo(0, [[]])]).data

HOSTILE = {
    "use counts": (Parts(functions=b"\0" + vbr(N) + bytes(10 * N)), 10),
    "table of kernels": (Parts(functions=b"\0\0" + vbr(N) + vbr(*[2**60] * 2 * N) + bytes(9 * N)), 10),
    "attribute types": (
        Parts(attributes=bytes(N), attribute_types=vbr(N) + b"".join(vbr(i, 6) for i in range(N))),
        10,
    ),
    "types of arguments": (Parts(function_index=vbr(1) + b"\1" + vbr(0, F, N, *[0] * N, 0), functions=b""), 10),
    "kernels without operands": (
        Parts(
            function_index=b"\x01\0" + vbr(0, F, 0, 0),
            functions=Body(
                use_counts=(), results=(), kernels=[pseudo(0, [range(1, N + 1)]), *[KernelParts()] * N]
            ).data,
        ),
        10,
    ),
    "chain of kernels": (
        Parts(
            function_index=b"\x01\0" + vbr(0, F, 0, 0),
            functions=Body(use_counts=[1] * (N - 1) + [0], results=(), kernels=CHAIN).data,
        ),
        13,
    ),
    "empty functions": (
        Parts(
            function_index=vbr(N) + b"".join(b"\0" + vbr(i * len(EMPTY_BODY), F, 0, 0) for i in range(N)),
            functions=EMPTY_BODY * N,
        ),
        10,
    ),
    "native functions": (Parts(function_index=vbr(N) + (b"\x01" + vbr(0, F, 0, 0)) * N, functions=b""), 35),
    "names": (
        Parts(
            strings=b"\0" + b"".join(name + b"\0" for name in NAMES),
            kernels=vbr(N, *(1 + 3 * i for i in range(N))),
            types=vbr(1, 1),
            function_index=vbr(0),
            functions=b"",
        ),
        35,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_peak(name):
    parts, factor = HOSTILE[name]
    data = build(parts)
    tracemalloc.start()
    try:
        read_bef(data)
    except BefError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak <= factor * len(data) + 8 * 1024
