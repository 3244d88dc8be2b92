"""The networks of `models.py`, written once, and what they are made of in each library.

`architectures.py` has the networks, as functions of a module of operations; `in_numpy.py`, `in_jax.py`, `in_torch.py`
and `in_onnx.py` are such modules. `texts/` holds what JAX writes of them, which is what tfrt runs:
``python benchmarks/networks/write_texts.py`` makes it again.
"""
