"""Writing elementwise functions and reductions in one pass as machine code.

What is combined are rows, or columns that go by a row at a time, as many columns as lie on the stack. Values between
steps are in registers; where elements are gone over several times, what took a function to compute is kept on the
stack, and all else computed again. Long sums are sums of sums, so that few digits are lost.

`module` writes it all, with `rows` or `columns`; `work` is what is done, and in which parts.
"""
