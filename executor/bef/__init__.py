"""The Binary Executable Format: its description, its records, and reading it. `docs/bef.md` is the document.

=========================  ======================================================================================
`format.py`                the description, which all others follow
`model.py`                 what a file says, as plain records
`reader.py`                reading files: everything is validated before anybody relies on it
`sections.py`              where sections and strings are
`functions.py`             the functions of a file, decoded at once or when they are asked for
`function_index.py`        reading the function index, and the names of arguments and results
`decoding.py`              decoding functions one by one, with everything checked
`dataflow.py`              whether registers are written and read as they must be
`bulk_check.py`            checking all functions at once, with numpy
`bulk_headers.py`          what is in front of their kernels
`checked.py`               decoding functions that have been checked
`locations.py`             decoding locations
`attribute_values.py`      decoding attributes, as kernels declare them
`named_attributes.py`      what kernels say by their attributes' names
`graphs.py`                functions as graphs to be drawn
`cursor.py`                bounded primitives that read
`vbr_arrays.py`            many unsigned integers at once
`writer.py`                primitives that write, the mirror of those that read
`document.py`              the tables of ``docs/bef.md``, made of the description
=========================  ======================================================================================
"""

from tfrt.executor.bef.model import FunctionKind, FunctionRecord, FunctionSignature, KernelRecord, Producer
from tfrt.executor.bef.reader import BefFile, open_bef, read_bef

__all__ = [
    "BefFile",
    "FunctionKind",
    "FunctionRecord",
    "FunctionSignature",
    "KernelRecord",
    "Producer",
    "open_bef",
    "read_bef",
]
