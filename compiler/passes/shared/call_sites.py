"""What runs with arguments and gives results: functions that are only called, and regions of branches and loops.

Bodies see no values from outside but their arguments. Here are the places where arguments come from and results go to,
for passes that change both sides at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from tfrt.compiler.passes.shared.fold import is_in_sync_function
from tfrt.compiler.passes.symbol_dce import functions_of, names_in
from tfrt.dialects.shared.bodies import control_of, functions_run_by, runs_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Control


@dataclass(frozen=True)
class Callable:
    """Bodies that are run, one or another, with the same arguments, and all ops that run them.

    Attributes:
        bodies: a function's, the two regions of a branch, or the region of a loop.
        sites: the calls of the function, or the op that has the regions.
        skipped: how many of a site's operands come before those that bodies get as arguments.
        is_carried: whether arguments are the results of the run before.
        function: the function that the body is of, if it is of one.
    """

    bodies: tuple[Block, ...]
    sites: tuple[Operation, ...]
    skipped: int
    is_carried: bool = False
    function: FuncOp | None = None

    def given(self, number: int) -> list[SSAValue]:
        """What sites give for an argument."""
        return [site.operands[self.skipped + number] for site in self.sites]

    def returned(self, number: int) -> list[SSAValue]:
        """What bodies return as a result."""
        return [_end(body).operands[number] for body in self.bodies]

    def ends(self) -> list[Operation]:
        """What ends the bodies."""
        return [_end(body) for body in self.bodies]


def callables_in(module: ModuleOp) -> list[Callable]:
    """Those that may get other arguments and results: private functions that only calls refer to, and regions."""
    calls: dict[str, list[Operation]] = defaultdict(list)
    found: list[Callable] = []
    for op in ops_in(module):
        match control_of(op):
            case Control.CALL if not op.regions:
                (name,) = functions_run_by(op)
                calls[name].append(op)
            case Control.BRANCH | Control.REPEAT if op.regions and not is_in_sync_function(op):
                runs = runs_of(op)[0]
                bodies = tuple(region.block for region in op.regions)
                found.append(Callable(bodies, (op,), runs.skips, is_carried=runs.carries))
    references = Counter(names_in(module)) if calls else Counter[str]()
    for name, function in functions_of(module).items():
        sites = calls[name]
        if not sites or len(sites) != references[name] or not may_change_type(function):
            continue
        if not any(map(is_in_sync_function, sites)):
            found.append(Callable((function.body.block,), tuple(sites), 0, function=function))
    return found


def called_once(module: ModuleOp) -> dict[str, FuncOp]:
    """The functions that may get other arguments and results, and that one symbol refers to: a loop's own, mostly."""
    references = Counter(names_in(module))
    return {
        name: function
        for name, function in functions_of(module).items()
        if references[name] == 1 and may_change_type(function)
    }


def may_change_type(function: FuncOp) -> bool:
    """Whether a function may get other arguments and results as far as it itself is concerned."""
    says_more = function.arg_attrs is not None or function.res_attrs is not None
    is_private = function.sym_visibility == StringAttr("private") and len(function.body.blocks) == 1
    return is_private and "tfrt.sync" not in function.attributes and not says_more


def keep_operands(found: Callable, arguments: Sequence[bool], results: Sequence[bool]) -> None:
    """Drop what sites give and bodies return, but for these arguments and results."""
    for end in found.ends():
        end.operands = _chosen(end.operands, results)
    for site in found.sites:
        site.operands = [*site.operands[: found.skipped], *_chosen(site.operands[found.skipped :], arguments)]


def keep_results(found: Callable, results: Sequence[bool]) -> None:
    """Drop all results of sites but these. The others have no uses, and bodies do not return them any more."""
    for site in found.sites:
        new = type(site).create(
            operands=site.operands,
            result_types=[result.type for result in _chosen(site.results, results)],
            attributes=site.attributes,
            properties=site.properties,
            regions=[site.detach_region(region) for region in list(site.regions)],
        )
        new.location = site.location
        kept = iter(new.results)
        Rewriter.replace_op(site, new, [next(kept) if is_kept else None for is_kept in results])


def keep_arguments(found: Callable, arguments: Sequence[bool]) -> None:
    """Drop all arguments of bodies but these. The others have no uses, and sites do not give them any more."""
    for body in found.bodies:
        for argument, is_kept in reversed(list(zip(body.args, arguments, strict=True))):
            if not is_kept:
                body.erase_arg(argument)
    if found.function is not None:
        body = found.function.body.block
        found.function.function_type = FunctionType.from_lists(body.arg_types, _end(body).operand_types)


def _chosen(values: Sequence[SSAValue], chosen: Sequence[bool]) -> list[SSAValue]:
    return [value for value, is_chosen in zip(values, chosen, strict=True) if is_chosen]


def _end(body: Block) -> Operation:
    end = body.last_op
    assert end is not None
    return end
