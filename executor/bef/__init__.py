"""The Binary Executable Format: its description, its records, and reading it. `docs/bef.md` is the document.

=========================  ======================================================================================
`format.py`                the description, which all others follow
`model.py`                 what a file says, as plain records
`reader.py`                reading files: everything is validated before anybody relies on it
`cursor.py`                bounded primitives that read
`writer.py`                primitives that write, their mirror
`attribute_values.py`      decoding attributes, as kernels declare them
`named_attributes.py`      what kernels say by their attributes' names
`graphs.py`                functions as graphs to be drawn
`document.py`              the tables of ``docs/bef.md``, made of the description
=========================  ======================================================================================
"""

from tfrt.executor.bef.model import FunctionKind, FunctionRecord, KernelRecord, Producer
from tfrt.executor.bef.reader import BefFile, open_bef, read_bef

__all__ = ["BefFile", "FunctionKind", "FunctionRecord", "KernelRecord", "Producer", "open_bef", "read_bef"]
