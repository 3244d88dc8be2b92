"""Writing functions in LLVM's intermediate representation.

`code` is a function that is being written, with addresses, loops and vectors; `types` are vectors of all types of
elements; `expressions`, `steps` and `combining` are what is done element by element, `functions`, `logarithms` and
`error_functions` what takes more than an expression; `lanes` is what lies across a vector's elements.
"""
