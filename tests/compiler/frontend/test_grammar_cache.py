"""The compiled grammar is kept between runs where that is possible, and nothing depends on it."""

from __future__ import annotations

import pytest

from tfrt.compiler.frontend import parser


@pytest.fixture
def grammar() -> str:
    return parser.grammar_text(())


def test_it_is_kept_in_the_users_cache_folder(grammar, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    parser.Parser(grammar)
    (kept,) = (tmp_path / "tfrt").iterdir()
    assert kept.name.endswith(".json")
    first = kept.read_bytes()
    parser.Parser(grammar)
    assert kept.read_bytes() == first


def test_other_forms_are_another_grammar(grammar, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    parser.Parser(grammar)
    parser.Parser(parser.grammar_text(["OP_X VALUE -> assembled"]))
    assert len(list((tmp_path / "tfrt").iterdir())) == 2


def test_a_damaged_file_is_replaced(grammar, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    parser.Parser(grammar)
    (kept,) = (tmp_path / "tfrt").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    parser.Parser(grammar)
    assert kept.stat().st_size > 0.9 * len(whole)
    assert capsys.readouterr() == ("", "")


def test_no_cache_folder_is_no_problem(grammar, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    parser.Parser(grammar)
    assert capsys.readouterr() == ("", "")
