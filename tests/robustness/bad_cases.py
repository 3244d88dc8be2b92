"""Cases that are bad for whoever does them."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter


class Bad:
    """Cases that are bad in one way each."""

    suffix = ".bad"

    def __init__(self) -> None:
        self.totals = Counter({"looked at": 0})

    def make(self, number: int) -> bytes:
        return b"case %d" % number

    def check(self, case: bytes, number: int) -> str:
        self.totals["looked at"] += 1
        match number:
            case 1:
                raise ValueError("plainly wrong")
            case 2:
                return str(len(bytearray(1 << 30)))
            case 3:
                os.kill(os.getpid(), signal.SIGSEGV)
            case 4:
                time.sleep(60)
            case 6:
                while True:
                    pass
            case 5:
                print("not for whoever reads the results")
            case 7:
                os._exit(9)
        return "fine"
