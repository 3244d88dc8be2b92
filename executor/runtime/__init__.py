"""Where programs run: a host with its work queue, and requests.

=======================  =======================================================================================
`host_context.py`        `HostContext`: what programs share
`execution_context.py`   `ExecutionContext`: one request, which may be cancelled
`resources.py`           named objects that kernels keep
`work_queue.py`          who runs what when: what the host needs of a queue
`queues.py`              making a queue from its name
`waiting_queues.py`      queues without threads, `s` and `seeded`
`thread_queue.py`        the queue with threads, `mstd`
`ready.py`               what happens once several values are there
`parallel.py`            loops that threads share
`admission.py`           limits on requests, and who may begin one on a host that ends
`priorities.py`           requests' tasks by priority
`memory.py`               a limit on what kernels make
`closing.py`              what is to be done when a host ends
`deadlines.py`           requests whose time is over
`failures.py`            what becomes of exceptions, and of promises
`reports.py`             errors among results: reported once, with their place
`profile.py`             measuring kernels
`recording.py`           keeping what they get and give
`tracing.py`             recording when they begin and end, as text
`observer.py`            what watches kernels, and what it is told of them
`events.py`              recording what happens when, and where
`event_analysis.py`      what that means: what waited for what, and how much memory was held
`request_spans.py`       requests as spans of OpenTelemetry
`trace_file.py`          that as a file of Chrome's trace events
=======================  =======================================================================================
"""
