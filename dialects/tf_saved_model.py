"""The `tf_saved_model` dialect: the variables of a saved model, and what initialises them.

Its ops, `global_tensor`, `asset` and `session_initializer`, are kept as they are written; `lower-tf` reads them.
"""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect

TF_SAVED_MODEL = define_dialect("tf_saved_model", __name__, is_open=True, is_source=True)
