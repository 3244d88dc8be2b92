"""The `tf_type` dialect: TensorFlow's element types and attributes. What is not spelled out here is kept as written."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, StringAttr, TensorType
from xdsl.ir import ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.shared.spelled_attributes import Verbatim


@irdl_attr_definition
class ShapeAttr(Verbatim):
    """A shape, perhaps of unknown rank: ``2x?x3``, ``*``."""

    name = "tf_type.shape"


@irdl_attr_definition
class StringsAttr(ParametrizedAttribute):
    """Strings as the elements of a tensor, in row-major order; one stands for all.

    Form: ``dense<["a", "b"]> : tensor<2x!tf_type.string>``, as elements of other types.
    """

    name = "tf_type.strings"
    strings: ArrayAttr[StringAttr]
    type: TensorType


@irdl_attr_definition
class FuncAttr(Verbatim):
    """A function and attributes: ``@f, {}``."""

    name = "tf_type.func"


@irdl_attr_definition
class PlaceholderAttr(Verbatim):
    """The name of an attribute of the function around."""

    name = "tf_type.placeholder"


@irdl_attr_definition
class TensorProtoAttr(Verbatim):
    """A tensor as TensorFlow's files hold it."""

    name = "tf_type.tensor_proto"


@irdl_attr_definition
class VersionAttr(Verbatim):
    """Which versions of TensorFlow's graphs a program is of."""

    name = "tf_type.version"


STRING = "tf_type.string"
"""The name of the element type of strings."""

TF_TYPE = define_dialect("tf_type", __name__, is_open=True, is_source=True)
"""Element types such as ``!tf_type.resource<tensor<2xf32>>``, ``!tf_type.variant``, ``!tf_type.string``."""
