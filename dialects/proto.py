"""The `proto` dialect: the type of a parsed `tf.train.Example`. It has no ops."""

from __future__ import annotations

from xdsl.ir import Dialect, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition


@irdl_attr_definition
class ExampleType(ParametrizedAttribute, TypeAttribute):
    """A protocol buffer message of named features."""

    name = "proto.example"


EXAMPLE = ExampleType()

PROTO = Dialect("proto", [], [ExampleType])
