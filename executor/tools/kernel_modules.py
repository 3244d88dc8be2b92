"""Importing a user's kernels for ``bef-run --kernels``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from types import ModuleType

from tfrt.executor.support.errors import UsageError


def import_kernels(name: str) -> None:
    """Import a module that registers kernels: a dotted name, or a ``.py`` file.

    Names are looked up in the current folder, too, after all other places. A file becomes a module under a name of its
    own, whatever modules there are.

    Raises:
        UsageError: there is no such module, or importing it failed.
    """
    is_file = name.endswith(".py")
    if not is_file and not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"cannot import kernels from '{name}': expected a module's name or a .py file")
    try:
        module = _import_file(name) if is_file else _import_module(name)
    except (Exception, SystemExit) as error:
        raise UsageError(f"cannot import kernels from '{name}': {_describe(error)}") from error
    if hasattr(module, "__path__") and module.__file__ is None:
        raise UsageError(f"cannot import kernels from '{name}': it is a folder without an __init__.py")


def _import_module(name: str) -> ModuleType:
    folder = os.getcwd()
    if not {"", folder}.intersection(sys.path):
        # A console script's folder is on the path, the current one is not. It comes last: what lies there must not
        # stand in for modules of Python's own.
        sys.path.append(folder)
    return importlib.import_module(name)


def _import_file(path: str) -> ModuleType:
    stem = os.path.splitext(os.path.basename(path))[0]
    # Not its own name, which may be that of another module.
    digest = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:16]
    name = f"tfrt_kernels_{stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # the suffix is .py
    module = importlib.util.module_from_spec(spec)
    # The kernels' annotations are resolved in their module, which is looked up by its name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _describe(error: BaseException) -> str:
    """The error with the place in the user's code where it happened."""
    if isinstance(error, FileNotFoundError) and error.filename:
        return "no such file"
    text = f"{type(error).__name__}: {error}"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    is_users = not frame.filename.startswith("<frozen") and frame.filename not in (
        __file__,
        importlib.__file__,
    )
    return f"{text} ({frame.filename}:{frame.lineno})" if is_users else text
