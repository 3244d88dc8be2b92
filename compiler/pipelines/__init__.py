"""Pipelines of passes.

==================  ==========================================================
`pipeline.py`       pipelines as text, and those behind ``-O1`` to ``-O3``
`manager.py`        runs passes, verifies what they leave, shows what happens
`document.py`       ``docs/passes.md``, made of the passes' docstrings
==================  ==========================================================
"""
