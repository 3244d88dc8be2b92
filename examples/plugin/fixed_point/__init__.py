"""Fixed-point numbers with 16 bits before and 16 bits after the point, as signal processors have them.

A number is held as an integer, so many 65536ths. Results beyond the range become its end.

==============  =======================================================
`dialect.py`    the type `!fixed.q16` and the ops on it
`kernels.py`    what they do, and an op of the core runtime
`passes.py`     products with powers of two become shifts
`device.py`     an accelerator whose memory holds such numbers only
==============  =======================================================
"""
