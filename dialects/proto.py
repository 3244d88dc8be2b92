"""The `proto` dialect: the type of a parsed `tf.train.Example`. It has no ops."""

from __future__ import annotations

from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition

from tfrt.dialects.shared.definitions import define_dialect


@irdl_attr_definition
class ExampleType(ParametrizedAttribute, TypeAttribute):
    """A protocol buffer message of named features."""

    name = "proto.example"


EXAMPLE = ExampleType()

PROTO = define_dialect("proto", __name__)
