"""`tfrt-import`: models of frameworks to MLIR text.

Exit codes: 0; 1 where a model has what is not supported; 2 for bad usage and for files that cannot be read or written.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence

from tfrt.compiler.input_shapes import InputShapes, read_shape
from tfrt.executor.support import cli
from tfrt.executor.support.errors import CompileError, UsageError
from tfrt.executor.support.progress_line import add_progress_option, progress_line

_EXAMPLES = """\
  tfrt-import model.onnx -o model.mlir
  tfrt-import model.onnx -o model.mlir --weights model.safetensors
  tfrt-import model.onnx -o model.mlir --input-shape image=1x3x224x224
  tfrt-import model.onnx | tfrt-translate -O2 -o model.bef
  tfrt-import saved_model_dir -o model.mlir --weights model.safetensors --signature serving_default
  tfrt-import model.keras -o model.mlir --weights model.safetensors"""

_OF_TENSORFLOW = (".keras", ".h5", ".hdf5")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    return cli.run("tfrt-import", _main, argv)


def _main(argv: Sequence[str]) -> int:
    options = _parser().parse(argv)
    try:
        with progress_line(options.progress):
            text = _import(options)
    except CompileError as error:
        cli.report(error.diagnostics, None)
        return cli.FAILED
    cli.write_text(options.output, text)
    return cli.OK


def _import(options: argparse.Namespace) -> str:
    given = {"weights": options.weights, "larger_than": options.larger_than}
    if not os.path.exists(options.model):
        raise UsageError(f"cannot read '{options.model}': No such file or directory")
    if os.path.isdir(options.model) or options.model.endswith(_OF_TENSORFLOW):
        _silence_tensorflow()
        from tfrt.compiler.importers.tensorflow import import_tensorflow

        if options.input_shapes:
            raise UsageError("--input-shape goes with ONNX models; tfrt-translate takes it for all programs")
        return import_tensorflow(options.model, signature=options.signature or "serving_default", **given)
    from tfrt.compiler.importers.onnx import import_onnx

    if options.signature is not None:
        raise UsageError("--signature goes with SavedModels and files of Keras")
    shapes: InputShapes = {key: shape.text for key, shape in map(read_shape, options.input_shapes)}
    return import_onnx(options.model, input_shapes=shapes, **given)


def _silence_tensorflow() -> None:
    """Keep what TensorFlow says about the processor and about old models off the standard error."""
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _parser() -> cli.OptionParser:
    parser = cli.OptionParser("tfrt-import", "Write a model of a framework as MLIR text.", _EXAMPLES)
    parser.add_argument("model", metavar="FILE", help="an ONNX model, a SavedModel's folder, or a Keras file")
    parser.add_argument("-o", dest="output", default="-", metavar="FILE", help="where to write (default: stdout)")
    parser.add_argument(
        "--weights", metavar="FILE",
        help="write large weights to a safetensors file; bef-run --weights takes it",
    )  # fmt: skip
    parser.add_argument(
        "--larger-than", type=cli.size_in_bytes, default=1024, metavar="SIZE",
        help="how large weights may be that stay in the text, e.g. 4KiB (default: 1024)",
    )  # fmt: skip
    parser.add_argument(
        "--input-shape", dest="input_shapes", action="append", default=[], metavar="INPUT=SHAPE",
        help="the shape of an ONNX model's input, as in x=8x3x224x224 or 0=8x?; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--signature", metavar="NAME", help="which function of a SavedModel (default: serving_default)"
    )  # fmt: skip
    add_progress_option(parser)
    return parser
