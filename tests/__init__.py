"""Tests, which mirror the package; a package, lest one of that name elsewhere (xDSL installs one) is taken for it."""
