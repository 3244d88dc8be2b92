"""The version of this package. It stands here, too, since looking it up in what is installed takes milliseconds."""

VERSION = "0.1.0"
