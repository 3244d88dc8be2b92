"""A backend for `onnx.backend`, and so for the test suite that the package ``onnx`` brings along::

import onnx
from tfrt import onnx_backend

prepared = onnx_backend.prepare(onnx.load("model.onnx"))
prepared.run([array, ...])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx.backend.base import Backend, BackendRep, namedtupledict

import tfrt


class PreparedModel(BackendRep):
    """A model that is ready to run."""

    def __init__(self, model: Any, *, opt_level: int = 2, host: tfrt.HostContext | None = None):
        text = tfrt.import_onnx(model)
        self._main = tfrt.load(tfrt.compile(text, opt_level=opt_level), host=host)["main"]
        self._outputs = [output.name for output in model.graph.output]

    def run(self, inputs: Sequence[Any] | Mapping[str, Any], **_: Any) -> tuple[Any, ...]:
        """The outputs for inputs in the graph's order, or by name; they can be read by name, too."""
        if isinstance(inputs, Mapping):
            found = self._main(**{name: np.asarray(value) for name, value in inputs.items()})
        else:
            found = self._main(*map(np.asarray, inputs))
        results = found if isinstance(found, tuple) else () if found is None else (found,)
        outputs: tuple[Any, ...] = namedtupledict("Outputs", self._outputs)(*results)
        return outputs


class TfrtBackend(Backend):
    """Runs models with `tfrt`, on the CPU."""

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **options: Any) -> PreparedModel:
        """The model, compiled.

        Args:
            options: `opt_level` and `host`, as `tfrt.compile` and `tfrt.load` take them.

        Raises:
            CompileError: there are operators that are not supported.
        """
        return PreparedModel(model, **options)

    @classmethod
    def run_model(cls, model: Any, inputs: Any, device: str = "CPU", **options: Any) -> tuple[Any, ...]:
        """The outputs of a model for some inputs."""
        return cls.prepare(model, device, **options).run(inputs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether there is such a device: ``CPU``."""
        return device == "CPU"


prepare = TfrtBackend.prepare
run_model = TfrtBackend.run_model
supports_device = TfrtBackend.supports_device
