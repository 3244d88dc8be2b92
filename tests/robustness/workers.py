"""Runs numbered cases in processes of their own, which may crash, hang or run out of memory, and says which case did.

A `Campaign` makes the case of each number and looks at it; what it raises is a failure. A process does many cases, one
after another, and writes down which one it is at, so that whoever started it knows the case that has ended it; another
process goes on behind that. Memory is limited by the system (``RLIMIT_AS``), the time of a case by a timer that ends
the process with the stacks of all threads.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import json
import mmap
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
BLOCK = 5000
"""Cases that one process does at most: what they leave behind does not add up."""

SLOWEST = 3

HAS_LIMITS = Path("/proc/self/statm").exists()
"""Whether this system says what memory a process has, and limits it."""

LARGEST = 1 << 24
"""The bytes of a case that are kept where it ends its process."""

_PLACE = struct.Struct("<QQ8s")
"""What a process writes down before each case, which follows: its number plus one, its size, and its suffix."""


class Campaign(Protocol):
    """Cases by number. It is made anew in each process.

    Attributes:
        suffix: of the files that cases are written to.
        totals: what else is counted.
    """

    suffix: str
    totals: Counter[str]

    def make(self, number: int) -> bytes:
        """The case of that number."""

    def check(self, case: bytes, number: int) -> str:
        """Look at a case; the word under which it is counted.

        Raises:
            Exception: something is wrong with it, and what.
        """


@dataclass(frozen=True, slots=True)
class Limits:
    """What a case may take: seconds of the processor, and memory beyond what the process has when it begins.

    Attributes:
        busy: how many times the seconds it may take in all, as the machine may be busy with others.
    """

    seconds: float = 60.0
    megabytes: int = 512
    busy: int = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that failed, and what was wrong; `file` is where the case is."""

    number: int
    what: str
    file: Path | None = None


@dataclass
class Report:
    """What came of a campaign.

    Attributes:
        outcomes: the cases by the words under which they are counted.
        totals: what else has been counted.
        slowest: seconds of the processor and numbers of the slowest cases.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    slowest: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        counts = ", ".join(
            f"{n} {word}" for counted in (self.outcomes, self.totals) for word, n in sorted(counted.items())
        )
        slow = ", ".join(f"{number} took {seconds * 1000:.0f} ms" for seconds, number in self.slowest)
        failed = "".join(f"\ncase {f.number}: {f.what.rstrip()}\n  kept in {f.file}" for f in self.failures)
        total = sum(self.outcomes.values()) + len(self.failures)
        said = f"{len(self.failures)} failures" if self.failures else "no failure"
        return f"{total} cases in {self.seconds:.0f} s: {counts}; slowest: {slow}; {said}{failed}"

    def add(self, other: Report) -> None:
        self.outcomes += other.outcomes
        self.totals += other.totals
        self.failures += other.failures
        self.slowest = sorted(self.slowest + other.slowest, reverse=True)[:SLOWEST]


def run(
    module: str,
    campaign: str,
    numbers: range,
    *,
    options: Sequence[str] = (),
    limits: Limits = Limits(),
    jobs: int = 1,
    keep: Path | None = None,
    patience: int = 20,
    told: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Do these cases of the campaign that the function `campaign` of a module makes of `options`.

    Args:
        jobs: how many processes work at a time.
        keep: a folder for the cases that fail.
        patience: after how many failures no more cases are done.
        told: gets what there is after each block.
    """
    report, start = Report(), time.monotonic()
    blocks = [numbers[at : at + BLOCK] for at in range(0, len(numbers), BLOCK)]
    with ThreadPoolExecutor(jobs) as pool:

        def one(block: range) -> Report:
            if len(report.failures) >= patience:
                return Report()
            return _block(module, campaign, block, options, limits, keep, patience)

        for done in pool.map(one, blocks):
            report.add(done)
            report.seconds = time.monotonic() - start
            told(report)
    return report


def _block(
    module: str,
    campaign: str,
    numbers: range,
    options: Sequence[str],
    limits: Limits,
    keep: Path | None,
    patience: int,
) -> Report:
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        while numbers and len(report.failures) < patience:
            place = Path(folder, "place")
            place.write_bytes(b"")
            os.truncate(place, _PLACE.size + LARGEST)
            asked = [module, campaign, [numbers.start, numbers.stop], list(options), astuple(limits), str(place)]
            done = subprocess.run(
                [sys.executable, "-m", "tests.robustness.workers", json.dumps(asked)],
                cwd=ROOT,
                capture_output=True,
                check=False,
            )
            lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
            with open(place, "rb") as file:
                at, size, suffix = _PLACE.unpack(file.read(_PLACE.size))
                case = file.read(size)
            for line in lines:
                if "failed" in line:
                    report.failures.append(
                        _kept(line["failed"], line["what"], base64.b64decode(line["case"]), line["suffix"], keep)
                    )
                else:
                    slowest = [tuple(slow) for slow in line["slowest"]]
                    report.add(Report(Counter(line["outcomes"]), Counter(line["totals"]), [], slowest))
            if done.returncode == 0:
                break
            if not at:
                raise RuntimeError(done.stderr.decode(errors="backslashreplace"))
            at -= 1
            said = done.stderr.decode(errors="backslashreplace")[-4000:]
            what = f"{_ending(done.returncode)}\n{said}"
            report.failures.append(_kept(at, what, case, suffix.rstrip(b"\0").decode(), keep))
            report.outcomes["beside one that ended its process"] += at - numbers.start - len(lines)
            numbers = range(at + 1, numbers.stop)
    return report


def _kept(number: int, what: str, case: bytes, suffix: str, keep: Path | None) -> Failure:
    """A failure, and its case in a file."""
    if keep is None:
        return Failure(number, what)
    keep.mkdir(parents=True, exist_ok=True)
    file = keep / f"case-{number}{suffix}"
    file.write_bytes(case)
    return Failure(number, what, file)


def _ending(code: int) -> str:
    if code == -signal.SIGPROF:
        return "it computed for too long"
    if code == -signal.SIGALRM:
        return "it waited for too long"
    return f"it ended the process, by {signal.Signals(-code).name}" if code < 0 else f"it ended the process: {code}"


def work(asked: str) -> None:
    """What a process does: the cases of a block, and JSON about them on its output."""
    import importlib

    module, name, (first, stop), options, limits, place = json.loads(asked)
    seconds, megabytes, busy = limits
    campaign: Campaign = getattr(importlib.import_module(module), name)(*options)
    # Cases may print, which is not for whoever reads the JSON.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    faulthandler.enable()
    for number in (signal.SIGPROF, signal.SIGALRM):
        # All stacks, then what the signal does by itself: it ends the process.
        faulthandler.register(number, all_threads=True, chain=True)
    outcomes: Counter[str] = Counter()
    slowest: list[tuple[float, int]] = []
    with open(place, "r+b") as file, mmap.mmap(file.fileno(), 0) as at:
        for number in range(first, stop):
            case = campaign.make(number)
            kept = case[:LARGEST]
            at[_PLACE.size : _PLACE.size + len(kept)] = kept
            at[: _PLACE.size] = _PLACE.pack(number + 1, len(kept), campaign.suffix.encode())
            start = time.process_time()
            _alarm(seconds, busy)
            try:
                with limited(megabytes):
                    outcomes[campaign.check(case, number)] += 1
            except BaseException as error:
                _alarm(0, 0)
                failed = {"failed": number, "what": _shown(error), "suffix": campaign.suffix}
                print(json.dumps(failed | {"case": base64.b64encode(case).decode()}), file=out, flush=True)
            _alarm(0, 0)
            slowest = sorted([*slowest, (time.process_time() - start, number)], reverse=True)[:SLOWEST]
    print(json.dumps({"outcomes": outcomes, "totals": campaign.totals, "slowest": slowest}), file=out, flush=True)


def _alarm(seconds: float, busy: int) -> None:
    """End the process once it has computed for so long, or waited for several times that; never if that is zero."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, busy * seconds)


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-4000:].encode("ascii", "backslashreplace").decode()


@contextlib.contextmanager
def limited(megabytes: int) -> Iterator[None]:
    """Within it, the process may get so much more memory and not more: Python says ``MemoryError``."""
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + (megabytes << 20), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


if __name__ == "__main__":
    work(sys.argv[1])
