"""What the site of the documents (`mkdocs.yml`) has beside the folder: the README, which it opens with, and
CONTRIBUTING.

Links lead where they lead in a checkout. Those to files that are no pages, examples for instance, become plain text.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path, PurePosixPath
from posixpath import normpath
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

_FROM_ROOT = {"index.md": "README.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}
"""Pages that are files of the root."""

_package = TemporaryDirectory()

_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>[^)#:\s]+)(?P<anchor>#[^)]*)?\)")
_CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


@event_priority(100)
def on_config(config: Any) -> Any:
    """Lay the folders out as the one package that they are: what reads docstrings follows no import hooks."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for package, folder in pyproject["tool"]["setuptools"]["package-dir"].items():
        place = Path(_package.name, *package.split("."))
        place.mkdir(exist_ok=True)
        for entry in (ROOT / folder).iterdir():
            (place / entry.name).symlink_to(entry)
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [_package.name]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are not in the folder."""
    for page, source in _FROM_ROOT.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Links as the site has them.

    Raises:
        PluginError: a link leads nowhere.
    """
    here = _FROM_ROOT.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    pages = {source: name for name, source in _FROM_ROOT.items()}

    def linked(match: re.Match[str]) -> str:
        target = normpath(PurePosixPath(here).parent / match["target"])
        if not (ROOT / target).exists():
            raise PluginError(f"{here}: there is no {target}, to which it links")
        name = pages.get(target) or target.removeprefix("docs/")
        if files.get_file_from_path(name) is None:
            return match["text"]
        return f"[{match['text']}]({name}{match['anchor'] or ''})"

    parts = _CODE.split(markdown)
    parts[::2] = [_LINK.sub(linked, part) for part in parts[::2]]
    return "".join(parts)
