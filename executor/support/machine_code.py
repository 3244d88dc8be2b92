"""Machine code of LLVM's intermediate representation, by llvmlite, which comes with Numba and so is optional.

It is made for the processor it is made on, unless the process is to save it for others (`saved_code`), and kept in the
folder of the user's cache, so the next process finds it. Where it can be loaded without llvmlite (`flat_code`), that is
not imported, which costs 50 megabytes and as many milliseconds.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from tfrt.executor.support import flat_code
from tfrt.executor.support.cache_folder import cache_folder, is_private, keep
from tfrt.executor.support.processor_levels import Level
from tfrt.executor.support.saved_code import has_compiler, name_of, process


class CannotAssemble(Exception):
    """llvmlite, or the machine, cannot make machine code of a text; the cause says why."""


@dataclass(frozen=True, slots=True)
class Processor:
    """What code is made for.

    Attributes:
        vector_bytes: the size of its vectors, at least 16.
        registers: how many of these there are.
        fuses: whether it multiplies and adds in one step, rounding once; those that do read floats of 16 bits, too.
    """

    vector_bytes: int
    registers: int
    fuses: bool


def is_available() -> bool:
    """Whether there is machine code: llvmlite is installed, or files of it are used."""
    return bool(process.files) or has_compiler()


@cache
def processor() -> Processor:
    """What this process makes machine code for.

    Raises:
        CannotAssemble: llvmlite does not work here.
    """
    process.is_begun = True
    if process.level is not None:
        return Processor(process.level.vector_bytes, process.level.registers, fuses=True)
    known = flat_code.processor_flags() if flat_code.is_possible() else frozenset[str]()
    features = known or {name for name, there in _target()[1].items() if there}
    fuses = {"avx2", "fma", "f16c"} <= features
    if "avx512f" in features:
        return Processor(64, 32, fuses)
    if "avx2" in features or known:
        return Processor(32, 16, fuses)
    # Of those whose features LLVM does not tell, 64-bit ARM has all that it takes.
    is_arm = "aarch64" in _target()[0].triple or "arm64" in _target()[0].triple
    return Processor(16, 32 if is_arm else 16, is_arm)


def assemble(text: str, name: str, arguments: list[Any]) -> Callable[..., None]:
    """The function of that name in a module of LLVM's intermediate representation; it runs without the interpreter
    lock.

    Args:
        arguments: types of `ctypes`.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    return ctypes.CFUNCTYPE(None, *arguments)(address_of(text, name))


def address_of(text: str, name: str) -> int:
    """Where that function's machine code is, which stays there.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    process.is_begun = True
    flat = _flat(text, name)
    if flat is not None:
        return flat
    try:
        machine, features = _target()
        import llvmlite
        from llvmlite import binding as llvm

        # The object file is only right for the same processor and compiler.
        kind = llvm.get_host_cpu_name() if process.level is None else process.level.name
        made_for = f"{llvmlite.__version__} {kind} {sorted(features.items())} {machine.triple}"
        content = _kept(f"object_{_digest(made_for + text)}", lambda: _compiled(text, machine))
        engine = llvm.create_mcjit_compiler(
            llvm.parse_assembly(f'target triple = "{machine.triple}"\n'), _machine(process.level)
        )
        engine.add_object_file(llvm.ObjectFileRef.from_data(content))
        engine.finalize_object()
        address: int = engine.get_function_address(name)
    except Exception as error:
        raise CannotAssemble(str(error)) from error
    if not address:
        raise CannotAssemble(f"there is no function '{name}'")
    flat_code.keep_for_ever(engine)
    return address


def _flat(text: str, name: str) -> int | None:
    """Where the function is where it can be loaded as it is in the cache, or would be.

    Raises:
        CannotAssemble: there is no machine code for it.
    """
    flags = flat_code.processor_flags() if flat_code.is_possible() else frozenset()
    if not flags:
        return None

    def make() -> bytes:
        content = flat_code.flattened(_compiled(text, _target()[0]), name) or b""
        return hashlib.sha256(content).digest() + content

    named, level = name_of(text, name), process.level
    try:
        content = process.find(named)
        if content is None:
            made_for = " ".join(sorted(flags)) if level is None else level.name
            kept = _kept(f"code_{_digest(made_for + named)}", make)
            content = kept[32:]
            # What is not whole is not run.
            if not content or hashlib.sha256(content).digest() != kept[:32]:
                return None
        address = flat_code.loaded(content)
        process.keep(named, content)
        return address
    except OSError:
        return None
    except Exception as error:
        raise CannotAssemble(str(error)) from error


DATA_OFFSET = object.__basicsize__
"""Where in an array of numpy's, as an object of C, the address of its elements is."""


@cache
def can_see_arrays() -> bool:
    """Whether code that is given an array finds its elements at `DATA_OFFSET`."""
    import numpy as np

    array = np.zeros(3)
    return ctypes.c_void_p.from_address(id(array) + DATA_OFFSET).value == array.ctypes.data


STRIDES_OFFSET = DATA_OFFSET + 3 * ctypes.sizeof(ctypes.c_void_p)
"""Where the address of its strides is: after how many dimensions it has, which is padded, and where its shape is."""


@cache
def can_see_strides() -> bool:
    """Whether code that is given an array finds its strides at `STRIDES_OFFSET`."""
    import numpy as np

    array = np.zeros((2, 3, 5))[:, ::2, 1:]
    address = ctypes.c_void_p.from_address(id(array) + STRIDES_OFFSET).value
    return address is not None and tuple((ctypes.c_ssize_t * 3).from_address(address)) == array.strides


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode() + sys.version.encode()).hexdigest()[:32]


@cache
def _target() -> tuple[Any, dict[str, bool]]:
    try:
        from llvmlite import binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        return _machine(process.level), dict(llvm.get_host_cpu_features())
    except Exception as error:
        raise CannotAssemble(str(error)) from error


def _machine(level: Level | None) -> Any:
    """A target machine, for a level of processors, or for this one; an engine takes its own."""
    from llvmlite import binding as llvm

    target = llvm.Target.from_default_triple()
    name = llvm.get_host_cpu_name() if level is None else level.name
    features = llvm.get_host_cpu_features().flatten() if level is None else level.features
    # Code finds its constants relative to itself.
    return target.create_target_machine(name, features, opt=3, reloc="pic", codemodel="small")


def _compiled(text: str, machine: Any) -> bytes:
    from llvmlite import binding as llvm

    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    # Loops are written as they should be.
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    content: bytes = machine.emit_object(module)
    return content


def _kept(name: str, make: Callable[[], bytes]) -> bytes:
    """What is in the cache under a name, or is put there."""
    folder = cache_folder()
    if folder is None:
        return make()
    path = folder / f"{name}.o"
    if path.exists() and is_private(path):
        try:
            return path.read_bytes()
        except OSError:
            return make()
    content = make()
    if not path.exists():
        try:
            keep(path, content)
        except OSError:
            return content
    return content
