"""Kernels of `corert` that choose functions by the value of a tensor.

Source of the semantics: ``lib/core_runtime/kernels.cc`` in tensorflow/runtime. The functions take and return a chain,
then tensor handles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.runs import Runs
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import Promised, as_failed, fulfilling, guard, settle_all
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import StringHostTensor, Tensor, to_dense


@kernel("corert.cond", runs=Runs(skips=1))
def cond(
    condition: TensorHandle,
    *operands: Any,
    a_true_fn: Function,
    b_false_fn: Function,
    context: ExecutionContext,
) -> tuple[Any, ...]:
    chosen = a_true_fn if is_true(condition.result_now()) else b_false_fn
    return tuple(chosen.execute(context, operands))


@kernel("corert.while", runs=(Runs(gives=("!tfrt.chain", "!corert.tensorhandle")), Runs(carries=True)))
def while_(*operands: Any, a_cond_fn: Function, b_body_fn: Function, context: ExecutionContext) -> tuple[Any, ...]:
    """Run `b_body_fn` while `a_cond_fn` of the same values gives a tensor that is true."""
    results = tuple(AsyncValue() for _ in operands)
    loop = _Loop(a_cond_fn, b_body_fn, context, results)
    guard(results, lambda: loop.run(list(operands)))
    return results


class _Loop:
    """A loop in progress. It does not recurse: where a condition is pending, it goes on as a task."""

    def __init__(self, condition: Function, body: Function, context: ExecutionContext, results: Sequence[AsyncValue]):
        self.condition = condition
        self.body = body
        self.context = context
        self.results = results

    def run(self, values: list[Any]) -> None:
        while True:
            chain, flag = self.condition.execute(self.context, values)
            pending = [v for v in (chain, flag) if type(v) is AsyncValue and v.is_pending]
            if pending:
                self.go_on_later(pending, values, chain, flag)
                return
            if not self.goes_on(values, chain, flag):
                return
            values = self.body.execute(self.context, values)

    def go_on_later(self, pending: Sequence[AsyncValue], values: list[Any], chain: Any, flag: Any) -> None:
        host = self.context.host
        decide = Promised(self.results, lambda: self.decide(values, chain, flag))
        host.run_when_ready(pending, Promised(self.results, lambda: host.enqueue(decide)))

    def decide(self, values: list[Any], chain: Any, flag: Any) -> None:
        def go_on() -> None:
            if self.goes_on(values, chain, flag):
                self.run(self.body.execute(self.context, values))

        guard(self.results, go_on)

    def goes_on(self, values: list[Any], chain: Any, flag: Any) -> bool:
        """Whether there is another iteration; if not, the results are set."""
        failed = next((v for v in (flag, chain) if type(v) is AsyncValue and v.is_error), None)
        if failed is None and self.context.cancellation is not None:
            failed = self.context.cancellation
        if failed is None:
            try:
                if is_true((flag.value if type(flag) is AsyncValue else flag).result_now()):
                    return True
            except BaseException as error:
                failed = as_failed(error)
        if failed is not None:
            # Nothing of the loop may still be running when its first result is there.
            first, *others = self.results
            outcome = [failed]
            self.context.host.run_when_ready(values, fulfilling([first], lambda: outcome))
            settle_all(others, outcome * len(others))
            return False
        settle_all(self.results, values)
        return False


def is_true(tensor: Tensor) -> bool:
    """Whether a tensor of one element is true: an integer other than zero, or a string that is not empty.

    Raises:
        KernelError: it is no such tensor.
    """
    if isinstance(tensor, StringHostTensor):
        return bool(tensor.strings) and bool(tensor.strings[0])
    dense = to_dense(tensor)
    if dense.array.size != 1:
        raise KernelError(f"a tensor predicate must have one element, got shape {list(dense.shape)}")
    if dense.dtype is not DType.I1 and dense.array.dtype.kind not in "iu":
        raise KernelError(f"tensor predicate does not support dtype {dense.dtype.label}")
    return bool(dense.array.reshape(-1)[0])
