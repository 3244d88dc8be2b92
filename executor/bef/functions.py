"""The functions of a file: checked when it is read, and decoded when somebody asks for them.

Small files are decoded at once (`tfrt.executor.bef.decoding`). Of a large one, all functions are checked together
(`tfrt.executor.bef.bulk_check`), and each is decoded when it is first asked for, however many threads ask. Where that
check has its doubts, the functions are decoded one by one as well, which says what is wrong with the file, if anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, overload

from tfrt.executor.bef.decoding import decode_functions
from tfrt.executor.bef.format import SectionId
from tfrt.executor.bef.function_index import Tables
from tfrt.executor.bef.model import FunctionRecord, FunctionSignature, KernelRecord
from tfrt.executor.support.once import get, get_or_make

if TYPE_CHECKING:
    from tfrt.executor.bef.checked import CheckedFunctions

LEAST_BYTES = 16 * 1024
"""How large functions are for checking all together to take less time than decoding them: some 250 kernels."""

WORTH_IMPORTING = 4 * 1024 * 1024
"""How large they are for it to pay where numpy is not loaded yet; that takes as long as decoding 30,000 kernels."""


def read_functions(tables: Tables) -> Functions:
    """The functions of a file.

    Raises:
        BefError: something is wrong with them.
    """
    size = tables.sections.size(SectionId.FUNCTIONS)
    if size >= LEAST_BYTES and ("numpy" in sys.modules or size >= WORTH_IMPORTING):
        # Programs of scalars run without numpy.
        from tfrt.executor.bef.checked import check

        checked = check(tables)
        if checked is not None:
            return Functions(checked.signatures, checked)
    return Functions(decode_functions(tables))


class Functions(Sequence[FunctionRecord]):
    """The functions of a file, in its order; one that is asked for is decoded, if it has not been before.

    What the methods say takes no decoding of whole functions.

    Attributes:
        signatures: what the file says of each besides its kernels.
    """

    def __init__(self, signatures: Sequence[FunctionSignature], checked: CheckedFunctions | None = None):
        self.signatures = tuple(signatures)
        self._checked = checked
        self._decoded: dict[int, FunctionRecord] = {}

    def __len__(self) -> int:
        return len(self.signatures)

    @overload
    def __getitem__(self, index: int) -> FunctionRecord: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[FunctionRecord, ...]: ...
    def __getitem__(self, index: int | slice) -> FunctionRecord | tuple[FunctionRecord, ...]:
        if isinstance(index, slice):
            return tuple([self[number] for number in range(len(self))[index]])
        signature = self.signatures[index]
        if isinstance(signature, FunctionRecord):
            return signature
        assert self._checked is not None
        found: FunctionRecord = get_or_make(self._decoded, signature.index, partial(self._checked.decode, signature))
        return found

    def is_decoded(self, index: int) -> bool:
        """Whether a function has been decoded."""
        return self._known(index) is not None

    def kernel_names(self, index: int) -> set[str]:
        """The names of the kernels of a function."""
        record = self._known(index)
        if record is not None:
            return {kernel.name for kernel in record.kernels[1:]}
        assert self._checked is not None
        return self._checked.kernel_names(index)

    def callees(self, index: int) -> Iterable[int]:
        """The functions that the kernels of a function refer to."""
        record = self._known(index)
        if record is not None:
            return {callee for kernel in record.kernels for callee in kernel.functions}
        assert self._checked is not None
        return self._checked.callees(index)

    def register_types(self, index: int) -> tuple[str, ...] | None:
        """The types of a function's registers, or None where the file does not have them."""
        record = self._known(index)
        if record is not None:
            return record.register_types
        assert self._checked is not None
        return self._checked.register_types(index)

    def kernels_named(self, index: int, names: Iterable[str]) -> Sequence[KernelRecord]:
        """The kernels of a function that have one of these names."""
        record = self._known(index)
        if record is not None:
            wanted = set(names)
            return [kernel for kernel in record.kernels[1:] if kernel.name in wanted]
        assert self._checked is not None
        return self._checked.kernels_named(index, names)

    def _known(self, index: int) -> FunctionRecord | None:
        signature = self.signatures[index]
        found: FunctionRecord | None
        found = signature if isinstance(signature, FunctionRecord) else get(self._decoded, index)
        return found
