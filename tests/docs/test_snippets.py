"""The documents' snippets of Python: those of a page are one script, which prints what the page says.

`tests/plugins/test_the_example.py` has those of `docs/extending.md`.
"""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import tfrt

ROOT = Path(__file__).parents[2]
PAGES = {
    page: (ROOT / page).read_text(encoding="utf-8")
    for page in ("README.md", "docs/embedding.md", "docs/models.md", "docs/operating.md")
}


def script_of(page):
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL))


def promised(script):
    """What the comments say that lines print."""
    found = re.findall(r"^ *print\(.*\) +# (.*)$|# prints: (.*)$", script, re.MULTILINE)
    return [printed or by_kernel for printed, by_kernel in found]


OF_THEIR_OWN = ("docs/embedding.md", "docs/operating.md")
"""Pages whose scripts are for processes of their own: they fork, and watch all hosts there are."""


@pytest.mark.parametrize("page", PAGES)
def test_the_script_prints_what_the_page_says(page, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text(script_of(page), encoding="utf-8")
    if page in OF_THEIR_OWN:
        # Python 3.12 warns of the fork.
        command = [sys.executable, "-u", "-W", "ignore::DeprecationWarning", "script.py"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.stderr == ""
        printed = done.stdout
    else:
        printed = script("script.py")
    assert printed.splitlines() == promised(script_of(page))
    assert len(promised(script_of(page))) >= script_of(page).count("print(") > 0


@pytest.mark.parametrize("page", PAGES)
def test_the_page_uses_public_names_only(page):
    code = re.sub(r'""".*?"""', "", script_of(page), flags=re.DOTALL)
    named = set(re.findall(r"(?<!\w)tfrt\.(\w+)", code))
    assert named and named <= set(tfrt.__all__)


def test_several_threads_compile_at_once():
    texts = [f"func.func @f() -> i32 {{\n  %x = tfrt.constant.i32 {n}\n  tfrt.return %x : i32\n}}" for n in range(4)]
    expected = [tfrt.compile(text, opt_level=2) for text in texts]
    compiled = [None] * len(texts)
    together = threading.Barrier(len(texts))

    def work(number):
        together.wait()
        compiled[number] = tfrt.compile(texts[number], opt_level=2)

    threads = [threading.Thread(target=work, args=[number]) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert compiled == expected


@pytest.mark.parametrize("command", ["tfrt-translate", "tfrt-opt", "bef-run"])
def test_the_readme_names_options_that_there_are(command, tool):
    rows = re.findall(r"^\| `(.*?)` \|", PAGES["README.md"].replace("\\|", ""), re.MULTILINE)
    options = {option for row in rows if row.startswith(command) for option in re.findall(r" (--?[a-zO][\w-]*)", row)}
    assert options
    text = tool(command, "--help").out
    assert [option for option in options if not re.search(rf"{option}\b", text)] == []
