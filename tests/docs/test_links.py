"""Links among the documents, as they are in a checkout. `mkdocs build --strict` checks those of the site."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")]


def prose(text):
    """The text without its code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "code", text, flags=re.DOTALL)


def anchors(text):
    """What links within a document may name: its headings, as sites spell them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = document if not path else document.parent / path
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


FOLDERS = "benchmarks|compiler|dialects|docs|examples|executor|frontend|kernels|tests|tfrt"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_are_there(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    named = re.findall(rf"`((?:{FOLDERS})/[\w/.-]*)`", text)
    places = (ROOT, ROOT / "compiler", document.parent)
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_readme_leads_to_every_document():
    linked = set(re.findall(r"\]\(docs/([\w.]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert linked == {path.name for path in ROOT.glob("docs/*.md")}
