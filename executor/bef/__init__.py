"""The Binary Executable Format: its description, its records, and reading it. `docs/bef.md` is the document."""

from tfrt.executor.bef.model import FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.bef.reader import BefFile, open_bef, read_bef

__all__ = ["BefFile", "FunctionKind", "FunctionRecord", "KernelRecord", "open_bef", "read_bef"]
