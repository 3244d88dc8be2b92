"""The `tf` dialect: TensorFlow's ops, as its exporters print them, in generic form.

There are some thousand of them, and what each takes and gives is the business of the op of the core runtime of its
name; so the dialect keeps all of them as they are written. `lower-tf` says which are not supported.
"""

from __future__ import annotations

from tfrt.dialects.shared.definitions import define_dialect

TF = define_dialect("tf", __name__, is_open=True, is_source=True)
