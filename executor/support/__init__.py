"""What everything else stands on, and knows nothing of programs: errors, and the process with its files and threads.

=========================  ===================================================================================
`errors.py`                the exceptions that are raised on purpose
`location.py`              places in a source
`diagnostics.py`           messages with a place, the source's line and a caret
`verify_diagnostics.py`    comparing them with what a source expects (``-verify-diagnostics``)
`version.py`               the version of this package
`cli.py`                   what the command lines have in common
`living.py`                what still exists of what there was
`files.py`                 opening files, of which a program may be allowed some only
`archives.py`              zip archives that may be damaged
`plugins.py`               what installed packages add: the entry points
`collector.py`             the garbage collector, while very much is made that stays
`cache_folder.py`          the folder of what is kept between runs
`native_code.py`           machine code, compiled by Numba where that is installed
`machine_code.py`          machine code of LLVM's intermediate representation, by llvmlite where that is installed
`flat_code.py`             such code as bytes that run wherever they lie, without a compiler's library
`saved_code.py`            such code in files, made in one process and used in others
`code_files.py`            these files
`processor_levels.py`      the processors that they are for
`direct_calls.py`          such code as a built-in function of Python's
`fork_join.py`             loops of machine code that several threads share
`fork_join_words.py`       the words of memory by which they do
`fork_join_code.py`        the machine code that they run for it
`processors.py`            processors of their own for threads that share work
`native_threads.py`        the threads of numpy's BLAS
`spans.py`                 what took how long, for who collects that
`progress.py`              how far something is, for who listens
`progress_line.py`         that as a line at the bottom of the terminal, by rich where that is installed
`chrome_trace.py`          Chrome's trace event format
`allocation.py`            counting the memory of buffers
`call_depth.py`            how deep calls may nest on Python's stack
`threads.py`               threads that may be started while a signal's handler raises
`fork.py`                  starting afresh in a forked process
`notebook.py`              how objects show themselves in notebooks
`drawing/`                 pictures of programs
`once.py`                  doing something once, however many threads ask
=========================  ===================================================================================
"""
