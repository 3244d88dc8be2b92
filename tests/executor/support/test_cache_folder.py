"""What is kept between runs is used only where nobody else could have put it there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tfrt.executor.support import native_code
from tfrt.executor.support.cache_folder import cache_folder, is_private, keep

SOURCE = "cached = CACHE\ndef answer(): return 42, cached\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_it_is_made_for_this_user_only(folder: Path) -> None:
    assert cache_folder() == folder
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_may_write_to_is_not_used(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    assert cache_folder() is None
    assert native_code.load(SOURCE, "answer")() == (42, False)
    assert list(folder.iterdir()) == []


def test_a_folder_of_somebody_else_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    assert cache_folder() is None


def test_a_file_in_place_of_the_folder(folder: Path) -> None:
    folder.write_text("")
    assert cache_folder() is None


def test_sources_are_kept(folder: Path) -> None:
    assert native_code.load(SOURCE, "answer")() == (42, True)
    (path,) = folder.glob("plan_*.py")
    assert native_code.load(SOURCE, "answer")() == (42, True)
    path.write_text("def answer(): return 'damaged'")
    assert native_code.load(SOURCE, "answer")() == (42, True)


@pytest.mark.parametrize("which", ["plan_*.py", "__pycache__", "__pycache__/plan_*.nbi"])
def test_what_others_may_have_written_is_not_run(folder: Path, which: str) -> None:
    native_code.load(SOURCE, "answer")
    (path,) = folder.glob("plan_*.py")
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / f"{path.stem}.answer-1.py311.nbi").touch()
    (found,) = folder.glob(which)
    found.chmod(found.stat().st_mode | 0o022)
    assert native_code.load(SOURCE, "answer")() == (42, False)


def test_a_file_is_there_whole_or_not_at_all(folder: Path) -> None:
    folder.mkdir()
    keep(folder / "f", b"content")
    assert [path.name for path in folder.iterdir()] == ["f"]
    assert is_private(folder / "f")
    assert not is_private(folder / "g")
    with pytest.raises(IsADirectoryError):
        keep(folder, b"a folder is in its place")
    assert [path.name for path in folder.parent.iterdir()] == ["cache"]
