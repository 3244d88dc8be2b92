"""`bef-run --report`: the numbers of a report, and the page in a browser, where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.engines.traces import recording
from tfrt.executor.runtime.events import EventTrace
from tfrt.executor.support.diagnostics import source_of_text
from tfrt.executor.support.spans import collected
from tfrt.executor.tools import report_data
from tfrt.executor.tools.report import report
from tfrt.executor.tools.work import bytes_moved, operations

PROGRAM = """\
func.func @main(%n: i32, %x: i32) -> i32 {
  %a = "t.spend"(%x) : (i32) -> i32
  %r = tfrt.repeat.i32 %n, %a : i32 {
    %y = "t.spend"(%a) : (i32) -> i32
    tfrt.return %y : i32
  }
  %unused = tfrt.constant.i32 7
  tfrt.return %r : i32
}
"""


@pytest.fixture(scope="module")
def recorded():
    """The events and spans of ``main(3, 2)``, whose kernels `t.spend` spend so many milliseconds."""
    now = 0

    def clock() -> int:
        nonlocal now
        now += 1
        return now

    def spend(time: int) -> int:
        nonlocal now
        now += time * 1_000_000
        return time

    registry = KernelRegistry(BUILTIN)
    registry.register(Kernel("t.spend", spend))
    with (
        tfrt.HostContext(registry=registry) as host,
        collected() as spans,
        recording(EventTrace("kernels", clock)) as events,
    ):
        assert tfrt.load(tfrt.compile(PROGRAM, "main.mlir"), host=host)["main"](3, 2) == 2
    # They are on the system's clock.
    assert [span.name for span in spans if span.category == "program"] == ["load", "bind @main", "bind region 0"]
    return events


@pytest.fixture
def data(recorded):
    return report_data.report_data(recorded, [], "main.bef <s>", source_of_text("main.mlir", PROGRAM))


def milliseconds(nanoseconds):
    return round(nanoseconds / 1e6, 3)


def test_the_time_of_a_kernel_is_its_own(data):
    found = {
        (k["name"], k["line"]): (milliseconds(k["own"]), milliseconds(k["total"]), k["runs"]) for k in data["kernels"]
    }
    assert found == {
        ("t.spend", 4): (6, 6, 3),
        ("t.spend", 2): (2, 2, 1),
        ("tfrt.repeat.i32", 3): (0, 6, 1),
        ("tfrt.constant.i32", 7): (0, 0, 1),
    }


def test_functions_are_graphs(data):
    region, main = sorted(data["functions"], key=lambda function: function["index"])
    assert (main["name"], region["name"]) == ("@main", "region 0")
    assert [name for name, _, _ in main["nodes"]] == ["t.spend", "tfrt.repeat.i32", "tfrt.constant.i32"]
    assert main["edges"] == [(1, 2)]
    assert region["runs"] == 3 and milliseconds(region["own"]) == 6


def test_lines_have_the_time_of_their_kernels(data):
    (source,) = data["sources"]
    assert {line: milliseconds(time) for line, time in source["times"].items()} == {2: 2, 3: 0, 4: 6, 7: 0}
    assert source["lines"] == PROGRAM.splitlines()


def test_long_timelines_have_the_longest_runs(recorded, monkeypatch):
    monkeypatch.setattr(report_data, "MOST_RUNS", 2)
    data = report_data.report_data(recorded, [], "", lambda name: None)
    assert [milliseconds(duration) for _, _, _, duration in data["runs"]] == [2, 6]
    assert (data["runs_left_out"], data["sources"]) == (4, [])


def test_long_curves_keep_what_is_highest(monkeypatch):
    monkeypatch.setattr(report_data, "MOST_POINTS", 10)
    curve = [(moment, moment % 7) for moment in range(1000)]
    thinned = report_data._thinned(curve, 0, 1000)
    assert len(thinned) <= 20 and max(value for _, value in thinned) == 6
    assert thinned[-1] == [999, 999 % 7]


@pytest.mark.parametrize(
    ("ops", "operands", "result", "expected"),
    [
        (["stablehlo.dot_general"], [(2, 3), (3, 5)], (2, 5), 60),
        (["tf.BatchMatMulV2"], [(7, 2, 3), (7, 3, 5)], (7, 2, 5), 420),
        (["tf.MatMul", "tf.BiasAdd", "tf.Relu"], [(2, 3), (3, 5), (5,)], (2, 5), 80),
        (["tf.Conv2D"], [(1, 8, 8, 3), (3, 3, 3, 4)], (1, 8, 8, 4), 1 * 8 * 8 * 4 * 27 * 2),
        (["tf.AddV2", "tf.Relu"], [(2, 5), (5,)], (2, 5), 20),
        (["stablehlo.reduce"], [(2, 5)], (2,), 10),
        (["stablehlo.transpose"], [(2, 5)], (5, 2), None),
        (["stablehlo.dot_general"], [(2, 3), (3, 5)], (2, 2), None),
        ([], [(2, 5)], (2, 5), None),
    ],
)
def test_operations(ops, operands, result, expected):
    assert operations(ops, operands, result) == expected


def test_bytes():
    types = ["memref<2x3xf32>", "i32", "memref<4xi8>", "memref<?xf32>"]
    assert bytes_moved(types[:3]) == 28
    assert bytes_moved(types, [(2, 3), None, (4,), (5,)]) == 48
    assert bytes_moved(types) is None
    assert bytes_moved(["i32"]) is None


def page_of(recorded):
    return report(recorded, [], "main.bef <s>", source_of_text("main.mlir", PROGRAM))


def test_the_page_needs_nothing_else(recorded):
    page = page_of(recorded)
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bsrc=|<link|@import|url\(|fetch\(|XMLHttpRequest|import\(", page)
    assert "<title>main.bef &lt;s&gt; \u2013 tfrt report</title>" in page
    (content,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page)
    assert json.loads(content)["title"] == "main.bef <s>"


DRIVER = """<script>
const seen = {errors: []};
window.addEventListener("error", (event) => seen.errors.push(event.message));
window.addEventListener("load", () => {
  const all = (what) => [...document.querySelectorAll(what)].map((found) => found.textContent.trim());
  const lanes = document.getElementById("lanes");
  const press = (key) => lanes.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  seen.title = all("h1")[0];
  seen.rows = all("#table tbody td:first-child button");
  document.querySelector("#table th button").click();
  seen.byName = all("#table tbody td:first-child button");
  seen.sort = all("#table th[aria-sort=ascending]");
  const filter = document.getElementById("filter");
  filter.value = "mlir:3";
  filter.dispatchEvent(new Event("input"));
  seen.filtered = all("#table tbody td:first-child button");
  press("ArrowRight"); press("ArrowRight"); press("ArrowRight");
  seen.selected = all("#selected")[0];
  seen.chosenLine = all(".code.chosen .text");
  seen.chosenNode = all("#graph .row.chosen button");
  seen.function = document.getElementById("function").selectedOptions[0].textContent;
  press("+");
  seen.zoomed = all("#span")[0];
  press("Enter");
  seen.focused = document.activeElement.textContent;
  seen.hot = all(".code.hot .share");
  const heights = [...document.querySelectorAll("button, select, input")].map((e) => e.offsetHeight);
  seen.large = heights.every((height) => !height || height >= 20);
  seen.unnamed = all("canvas:not([aria-label]), svg:not([aria-labelledby]):not([aria-hidden])").length;
  seen.overflows = document.documentElement.scrollWidth > window.innerWidth;
  document.title = "seen:" + JSON.stringify(seen);
});
</script>"""


def test_the_page_in_a_browser(recorded, tmp_path):
    browser = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if browser is None:
        pytest.skip("needs Chromium")
    path = tmp_path / "report.html"
    path.write_text(page_of(recorded).replace("<head>", f"<head>{DRIVER}"), encoding="utf-8")
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    found = re.search(r"<title>seen:(.*?)</title>", done.stdout)
    assert found, done.stderr
    seen = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert seen == {
        "errors": [],
        "title": "main.bef <s>",
        "rows": ["t.spend", "t.spend", "tfrt.repeat.i32", "tfrt.constant.i32"],
        "byName": ["t.spend", "t.spend", "tfrt.constant.i32", "tfrt.repeat.i32"],
        "sort": ["Kernel ▲"],
        "filtered": ["tfrt.repeat.i32"],
        "selected": seen["selected"],
        "chosenLine": ['%y = "t.spend"(%a) : (i32) -> i32'],
        "chosenNode": ["6.00 mst.spend"],
        "function": "region 0, 6.00 ms, 75.0 %",
        "zoomed": seen["zoomed"],
        "focused": "t.spend",
        "hot": ["25.0 %", "75.0 %"],
        "large": True,
        "unnamed": 0,
        "overflows": False,
    }
    assert re.fullmatch(r"t\.spend, 2\.00 ms from .*, on MainThread, stream \d+, main\.mlir:4:10", seen["selected"])
    assert seen["zoomed"] != "0 ns to 8.00 ms"


def test_the_command(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "func.func @main() -> i32 {\n  %x = tfrt.constant.i32 7\n  tfrt.return %x : i32\n}\n"
    Path("seven.mlir").write_text(text)
    Path("seven.bef").write_bytes(tfrt.compile(text, "seven.mlir"))
    done = tool("bef-run", "seven.bef", "--report", "seven.html", "--trace", "seven.json")
    assert (done.code, done.out, done.err) == (0, "--- Running 'main':\n'main' returned 7\n", "")
    (content,) = re.findall(r"application/json\">(.*?)</script>", Path("seven.html").read_text())
    data = json.loads(content)
    assert data["title"] == "seven.bef on s"
    assert data["sources"][0]["lines"] == text.splitlines()
    assert [name for _, name, _, _ in data["bindings"]] == ["bind @main"]
    assert Path("seven.json").exists()
    done = tool("bef-run", "seven.bef", "--report", "other.html", "--trace", "t.json", "--trace-level", "functions")
    assert (done.code, done.err) == (
        2,
        "bef-run: --report is about kernels, which --trace-level=functions leaves out\n",
    )
