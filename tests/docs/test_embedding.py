"""The snippets of `docs/embedding.md` are one script, which prints what the page says."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import tfrt

PAGE = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text(encoding="utf-8")
SCRIPT = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def promised(script):
    """What the comments say that lines print."""
    found = re.findall(r"^ *print\(.*\) +# (.*)$|# prints: (.*)$", script, re.MULTILINE)
    return [printed or by_kernel for printed, by_kernel in found]


def test_the_script_prints_what_the_page_says(tmp_path):
    script = tmp_path / "embedding.py"
    script.write_text(SCRIPT, encoding="utf-8")
    # The fork is for a process of its own, and Python 3.12 warns of it.
    command = [sys.executable, "-u", "-W", "ignore::DeprecationWarning", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == promised(SCRIPT)
    assert len(promised(SCRIPT)) == SCRIPT.count("print(") + 1


def test_the_page_uses_public_names_only():
    named = set(re.findall(r"\btfrt\.(\w+)", SCRIPT + " ".join(re.findall(r"`[^`\n]+`", PAGE)))) - {
        "return",
        "string",
        "chain",
    }
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
