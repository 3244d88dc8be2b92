"""Installed packages that tests make up: a folder on ``sys.path`` with modules and what pip would record of them."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tfrt.executor.core_runtime import transfer
from tfrt.executor.declarations.finding import Finding
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.plugins import TFRT

FINDINGS = (BUILTIN._finding, CPU_OPS._finding)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package: ``install("name", {"tfrt.kernels": {"d": "module"}}, module="text")``.

    Its entry points may be given as text, too. Afterwards all is as it was.
    """
    before = set(sys.modules)
    own = [(f, {n: f._known[n] for n in f._known if f._owners.get(n) != TFRT}) for f in FINDINGS]
    for name in ("_COPIES", "_PACKAGES"):
        monkeypatch.setattr(transfer, name, dict(getattr(transfer, name)))

    def install(package, entry_points, **modules):
        site = tmp_path / package
        for name, text in modules.items():
            file = site.joinpath(*name.split("__")).with_suffix(".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text))
        record(site, package, entry_points)
        monkeypatch.syspath_prepend(site)
        return site

    yield install
    for finding, things in own:
        restore(finding, things)
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def restore(finding: Finding, own: dict[str, object]) -> None:
    """Forget what has been registered, but for `own` and what is tfrt's, which is imported once."""
    for name, offers in finding._offers.items():
        if TFRT in offers:
            finding._known[name], finding._owners[name] = offers[TFRT], TFRT
    for name in [name for name, owner in finding._owners.items() if owner != TFRT]:
        finding._known.pop(name, None)
        del finding._owners[name]
    for name, thing in own.items():
        finding._known[name], finding._owners[name] = thing, None
    finding._offers.clear()
    finding._asked.clear()


def record(site: Path, package: str, entry_points: dict[str, dict[str, str]] | str) -> None:
    """Write down that a package is installed in a folder."""
    if not isinstance(entry_points, str):
        lines = ([f"[{group}]", *(f"{n} = {v}" for n, v in names.items())] for group, names in entry_points.items())
        entry_points = "\n".join(line for group in lines for line in group)
    folder = site / f"{package.replace('-', '_')}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(entry_points)
