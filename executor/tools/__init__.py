"""The command lines `bef-run` and `bef-info`.

=========================  ===================================================================================
`bef_run.py`               `bef-run`: running functions of a file
`bef_run_options.py`       its options
`bef_files.py`             opening the files
`runs.py`                  which functions it runs, and running one
`printed_runs.py`          running all, and printing what they return
`bef_info.py`              `bef-info`: what is in a file
`measuring.py`             its options for traces, reports and profiles
`machine_code_options.py`  its options for machine code
`cli_values.py`            values as the command line spells them
`function_io.py`           calling a function with such values, and printing what it returns
`report.py`                what has taken how long, as a page of HTML; `report_page/` is the page
`report_data.py`           what it shows
`work.py`                  how many bytes and operations kernels on arrays have
`program_work.py`          what a function has to do, and how much memory it is planned to take
`dump_plans.py`            plans for people to read
`recorded_values.py`       values of kernels, for `bef-run --dump-values`
`step.py`                  the debugger, `bef-run --step`
`compare.py`               where two programs begin to differ, for `bef-run --compare-with`
`compared_files.py`        running the two
`explain.py`               how errors came about
`termination.py`           signals that end `bef-run`: Ctrl-C, and SIGTERM, at which it drains
`kernel_modules.py`        importing modules of kernels that the command line names
=========================  ===================================================================================
"""
