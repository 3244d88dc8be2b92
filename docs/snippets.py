"""The snippets of the documents, which are files of the examples.

A code block below a comment ``<!-- FILE -->`` shows the file. ``python docs/snippets.py`` writes the blocks anew, and a
test checks that this would change nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]

_SNIPPET = re.compile(r"(<!-- (?P<file>\S+) -->\n```\w*\n).*?(?=```\n)", re.DOTALL)


def renewed(text: str) -> str:
    """The text of a document with the snippets as the files are."""
    return _SNIPPET.sub(lambda match: match[1] + (ROOT / match["file"]).read_text(encoding="utf-8"), text)


def main() -> None:
    """Write the snippets of all documents anew."""
    for document in sorted((ROOT / "docs").glob("*.md")):
        text = document.read_text(encoding="utf-8")
        if (new := renewed(text)) != text:
            document.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
