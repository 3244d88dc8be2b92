"""Makes the pictures in `docs/pictures`: reports, graphs of programs, and what notebooks show.

    python docs/pictures.py

Needs Chromium, and Pillow (``tfrt[image]``), which keeps the files small.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import tfrt

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
NETS = "examples/convnets/nets.mlir"
FIB = "examples/fib/fib.mlir"
DIGITS = "examples/digits/digits.mlir"
TROUBLE = Path("examples/troubleshooting")

PHONE = """<!doctype html><body style="margin:0"><iframe src="{}" scrolling="no"
style="width:390px;height:1900px;border:0"></iframe>"""


CELL = """<p class="in">In [{number}]:</p><pre class="in">{code}</pre><div class="out">{shown}</div>"""

NOTEBOOK = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 1rem; max-width: 56rem; font-family: system-ui, sans-serif; }}
p.in {{ color: #307fc1; font: 13px monospace; margin: 1rem 0 0; }}
pre.in {{ background: #f5f5f5; border: 1px solid #e0e0e0; padding: .5rem; margin: .2rem 0 .5rem; font-size: 13px; }}
</style>{cells}"""


def main() -> None:
    """Make all pictures."""
    os.chdir(ROOT)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_reports(folder)
        make_graphs(folder)
        make_notebook(folder)


def make_reports(folder: Path) -> None:
    """Reports of the example `convnets`, on a desk and on a phone, and of the slow program of `troubleshooting`."""
    bef, report, phone = folder / "nets.bef", folder / "report.html", folder / "phone.html"
    run("tfrt.compiler.tfrt_translate", "-O2", NETS, "-o", bef)
    options = ("--test_init_function=register_cpu", "--functions=main", "--work_queue_type=mstd:2")
    run("tfrt.executor.tools.bef_run", bef, *options, "--report", report)
    phone.write_text(PHONE.format(report.as_uri()))
    take(report, PICTURES / "report.png", (1280, 2000), folder)
    # A window is no narrower than 500.
    take(phone, PICTURES / "report-phone.png", (500, 1900), folder, width=390)
    bef = folder / "slow.bef"
    run("tfrt.compiler.tfrt_translate", TROUBLE / "slow.mlir", "-o", bef)
    options = ("--kernels", TROUBLE / "trouble_kernels.py", "--functions=main")
    run("tfrt.executor.tools.bef_run", bef, *options, "--report", report)
    take(report, PICTURES / "slow-report.png", (1280, 1750), folder)


def make_graphs(folder: Path) -> None:
    """Graphs of the examples `fib` and `digits`."""
    for source, picture, size in ((FIB, "graph.png", (910, 962)), (DIGITS, "graph-streams.png", (1684, 1304))):
        run("tfrt.compiler.tfrt_opt", "--allow-unregistered-dialect", source, "--view-graph", folder / "graph.svg")
        take(folder / "graph.svg", PICTURES / picture, size, folder)


def make_notebook(folder: Path) -> None:
    """A program, a tensor and a debugger in a notebook."""
    program = tfrt.load(tfrt.compile((ROOT / FIB).read_text(encoding="utf-8"), FIB, opt_level=1))
    host = tfrt.HostContext()
    tensor = tfrt.CoreRuntime(host).tensor(np.arange(40000, dtype=np.float32).reshape(200, 200))
    debugger = program.step("fib_by_loop", 5, breaks=["31"])
    with debugger:
        debugger.next()
        shown = {"program": program, "tensor": tensor, "debugger": debugger}
        cells = [
            CELL.format(number=number, code=code, shown=value._repr_html_())
            for number, (code, value) in enumerate(shown.items(), 1)
        ]
    page = folder / "notebook.html"
    page.write_text(NOTEBOOK.format(cells="".join(cells)), encoding="utf-8")
    take(page, PICTURES / "notebook.png", (960, 1500), folder)


def run(tool: str, *arguments: object) -> None:
    """Run a command line of ours; what it prints does not matter."""
    subprocess.run([sys.executable, "-m", tool, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def take(page: Path, picture: Path, size: tuple[int, int], folder: Path, width: int | None = None) -> None:
    """A picture of a page, cut to `width`."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise SystemExit("pictures need Chromium")
    whole = folder / "whole.png"
    options = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'user'}",
    )
    subprocess.run(
        [browser, *options, f"--screenshot={whole}", f"--window-size={size[0]},{size[1]}", page.as_uri()],
        check=True,
        capture_output=True,
    )
    with Image.open(whole) as image:
        cut = image.convert("RGB").crop((0, 0, width or image.width, image.height))
        cut.quantize(64, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main()
