"""Code of an object file as bytes that run wherever they lie, and running them: no linker, and no compiler's library.

This is for one function, in object files of ELF for 64-bit x86 that refer to nothing but what is in them, relative to
where it is. System V ABI, AMD64 supplement, sections 4.4 and 4.5.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct
import sys
from functools import cache

_ALLOCATED, _PROGRAM, _RELOCATIONS, _SYMBOLS = 0x2, 1, 4, 2
_RELATIVE = (2, 4)
"""``R_X86_64_PC32`` and ``R_X86_64_PLT32``: an address less the place's own, in 32 bits."""

_X86_64 = 62
_ALIGNED = 64


def is_possible() -> bool:
    """Whether this machine runs such code."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def flattened(content: bytes, name: str) -> bytes | None:
    """The code of a function in an object file, and the constants that it reads; None where it needs more than that."""
    if content[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", content, 18)[0] != _X86_64:
        return None
    (start,) = struct.unpack_from("<Q", content, 40)
    size, count = struct.unpack_from("<HH", content, 58)
    # Type, flags, offset, size, link, information and alignment of each section.
    headers = [struct.unpack_from("<4xIQ8xQQIIQ8x", content, start + size * number) for number in range(count)]
    symbols = _symbols(content, headers)
    found = [each for each in symbols if each[0] == name]
    if len(found) != 1 or found[0][2] != 0:
        return None
    text = found[0][1]
    places, made = {}, bytearray()
    # The function comes first.
    for number in [text, *(n for n in range(count) if n != text)]:
        kind, flags, offset, length, _, _, alignment = headers[number]
        if kind == _PROGRAM and flags & _ALLOCATED and (number == text or not _is_unwinding(content, headers, number)):
            if alignment > _ALIGNED:
                return None
            made += bytes(-len(made) % _ALIGNED)
            places[number] = len(made)
            made += content[offset : offset + length]
    for kind, _, offset, length, _, target, _ in headers:
        if kind != _RELOCATIONS or target not in places:
            continue
        for entry in range(offset, offset + length, 24):
            where, how, symbol, addend = struct.unpack_from("<QIIq", content, entry)
            _, section, value = symbols[symbol]
            if how not in _RELATIVE or section not in places:
                return None
            place = places[target] + where
            struct.pack_into("<i", made, place, places[section] + value + addend - place)
    return bytes(made)


def _symbols(content: bytes, headers: list[tuple[int, ...]]) -> list[tuple[str, int, int]]:
    """Name, section and value of each symbol."""
    table = next((header for header in headers if header[0] == _SYMBOLS), None)
    if table is None:
        return []
    _, _, offset, length, link, _, _ = table
    names = headers[link][2]
    found = []
    for entry in range(offset, offset + length, 24):
        name, _, section, value = struct.unpack_from("<IHHQ", content, entry)
        begin = names + name
        found.append((content[begin : content.index(b"\0", begin)].decode(), section, value))
    return found


def _is_unwinding(content: bytes, headers: list[tuple[int, ...]], number: int) -> bool:
    """Whether a section says how to unwind the stack, which nobody does."""
    (start,) = struct.unpack_from("<Q", content, 40)
    size, _, names = struct.unpack_from("<HHH", content, 58)
    (name,) = struct.unpack_from("<I", content, start + size * number)
    begin = headers[names][2] + name
    return content[begin : content.index(b"\0", begin)] == b".eh_frame"


def loaded(content: bytes) -> int:
    """Where the function is that `flattened` code is.

    Raises:
        OSError: the system allows no such memory.
    """
    memory = mmap.mmap(-1, len(content), prot=mmap.PROT_READ | mmap.PROT_WRITE)
    memory.write(content)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    if protect(address, len(content), mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "memory cannot be made executable")
    keep_for_ever(memory)
    return address


def keep_for_ever(code: object) -> None:
    """Never give back what machine code is in.

    Functions do not keep it, and threads that run it without the interpreter lock may do so until the process ends,
    after Python has given back whatever its modules hold.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(code))


@cache
def processor_flags() -> frozenset[str]:
    """What the processor can do, in the system's words, and what it is called."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = file.read().partition("\n\n")[0].splitlines()
    except OSError:
        return frozenset()
    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return frozenset((*told.get("flags", "").split(), f"model {told.get('model name', '')} {told.get('model', '')}"))
