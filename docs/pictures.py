"""Makes the pictures in `docs/pictures`: the report of the example `convnets`, on a desk and on a phone.

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

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
NETS = "examples/convnets/nets.mlir"

PHONE = """<!doctype html><body style="margin:0"><iframe src="{}" scrolling="no"
style="width:390px;height:1900px;border:0"></iframe>"""


def main() -> None:
    """Make all pictures."""
    os.chdir(ROOT)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bef, report, phone = folder / "nets.bef", folder / "report.html", folder / "phone.html"
        run("tfrt.compiler.tfrt_translate", "-O2", NETS, "-o", bef)
        options = ("--test_init_function=register_cpu", "--functions=main", "--work_queue_type=mstd:2")
        run("tfrt.executor.tools.bef_run", bef, *options, "--report", report)
        phone.write_text(PHONE.format(report.as_uri()))
        take(report, PICTURES / "report.png", (1280, 2000), folder)
        # A window is no narrower than 500.
        take(phone, PICTURES / "report-phone.png", (500, 1900), folder, width=390)


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
