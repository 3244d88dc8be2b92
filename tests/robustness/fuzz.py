"""Fuzzing on request.

    python -m tests.robustness.fuzz bef --count 100000
    python -m tests.robustness.fuzz bef --first 81234 --count 1
    python -m tests.robustness.fuzz bef --replay build/fuzz/case-81234.bef

Each case is made of its number alone. Those that fail are written to ``--keep``, and exit code 1 says that there are
some. Runs from the repository's root.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.robustness.workers import Limits, Report, run

CAMPAIGNS = {
    "bef": ("tests.robustness.bef_campaign", "BefCampaign", ("1", "1", "4")),
    "interleavings": ("tests.robustness.schedule_campaigns", "Interleavings", ()),
    "stops": ("tests.robustness.schedule_campaigns", "Stops", ("s/seeded:1/mstd:2", "1")),
    "text": ("tests.robustness.text_campaign", "TextCampaign", ("4", "1")),
}
"""The module and the class of each, and its options."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=CAMPAIGNS)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=1, help="how many processes work at a time")
    parser.add_argument("--seconds", type=float, default=60, help="of the processor, that a case may take")
    parser.add_argument("--megabytes", type=int, default=512, help="the memory that a case may take")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where cases that fail are written")
    parser.add_argument("--replay", type=Path, nargs="+", help="files to look at instead")
    options = parser.parse_args()
    module, name, given = CAMPAIGNS[options.what]
    numbers = range(options.first, options.first + options.count)
    if options.replay:
        given += tuple(str(file.absolute()) for file in options.replay)
        numbers = range(len(options.replay))
    report = run(
        module,
        name,
        numbers,
        options=given,
        limits=Limits(options.seconds, options.megabytes),
        jobs=options.jobs,
        keep=None if options.replay else options.keep,
        told=_tell,
    )
    print(report)
    return 1 if report.failures else 0


def _tell(report: Report) -> None:
    if sys.stderr.isatty():
        print(f"\r{sum(report.outcomes.values())} cases, {len(report.failures)} failures", end=" ", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
