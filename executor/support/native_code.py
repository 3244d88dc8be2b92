"""Machine code made by Numba, which is optional: when it pays, and where it is kept.

Sources are kept in the folder of the user's cache (`tfrt.executor.support.cache_folder`), beside which Numba keeps the
machine code, so the next process finds it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from tfrt.executor.support.cache_folder import cache_folder, is_private, keep
from tfrt.executor.support.threads import join

NATIVE_AFTER = 3.0
"""Seconds that something has taken before machine code is made of it. That takes one, importing Numba included."""


def is_available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


class CannotCompile(Exception):
    """Numba, or the machine, cannot make machine code of a source; the cause says why."""


def load(source: str, name: str, runtime: Path | None = None) -> Callable[..., Any]:
    """The function of that name in a module for Numba; kept on disk where there is room for it.

    It is made on a thread of its own: what signal handlers raise meanwhile reaches the caller as it is, and is not
    mistaken for an error of the compiler's.

    Args:
        source: the module; it says ``cache=CACHE`` where Numba may keep machine code.
        runtime: a file that the module imports, by whose contents the machine code is out of date.

    Raises:
        CannotCompile: there is no machine code for it.
    """
    made: list[Callable[..., Any]] = []
    errors: list[BaseException] = []

    def make() -> None:
        try:
            made.append(_load(source, name, runtime))
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=make, name="tfrt-native-compiler", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise CannotCompile(str(error)) from error
    join(thread)
    if errors:
        raise CannotCompile(str(errors[0])) from errors[0]
    return made[0]


def _load(source: str, name: str, runtime: Path | None) -> Callable[..., Any]:
    used = b"" if runtime is None else runtime.read_bytes()
    digest = hashlib.sha256(used + source.encode() + sys.version.encode()).hexdigest()[:32]
    path = _kept_source(f"plan_{digest}", source.replace("CACHE", "True").encode())
    if path is None:
        namespace: dict[str, Any] = {}
        exec(compile(source.replace("CACHE", "False"), "native plan", "exec"), namespace)
        return namespace[name]
    spec = importlib.util.spec_from_file_location(f"tfrt_native_{digest}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Numba looks functions up in their modules.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def _kept_source(name: str, content: bytes) -> Path | None:
    """A file of the cache that holds a module, beside which Numba keeps its machine code; None where it cannot."""
    folder = cache_folder()
    if folder is None:
        return None
    path = folder / f"{name}.py"
    # What is compiled lies in there, and is loaded without a question.
    compiled = folder / "__pycache__"
    if not all(is_private(found) for found in (path, compiled, *compiled.glob(f"{name}.*")) if found.exists()):
        return None
    try:
        if not path.exists() or path.read_bytes() != content:
            keep(path, content)
    except OSError:
        return None
    return path
