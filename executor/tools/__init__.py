"""The command line `bef-run`.

=====================  =======================================================================================
`bef_run.py`           the command
`cli_values.py`        values as the command line spells them
`function_io.py`       calling a function with such values, and printing what it returns
`dump_plans.py`        plans for people to read
`kernel_modules.py`    importing modules of kernels that the command line names
=====================  =======================================================================================
"""
