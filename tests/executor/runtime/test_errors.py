"""Errors of kernels: the calls that they tell of, their codes and classes."""

from __future__ import annotations

import pytest

import tfrt

NESTED = """\
func.func @inner(%x: i32) -> i32 {
  %y = "tfrt_test.fail"() : () -> i32
  tfrt.return %y : i32
}
func.func @main() -> i32 {
  %n = tfrt.constant.i32 4
  %x = tfrt.constant.i32 1
  %z = tfrt.repeat.i32 %n, %x : i32 {
    %y = tfrt.call @inner(%x) : (i32) -> i32
    tfrt.return %y : i32
  }
  tfrt.return %z : i32
}
"""


class TestNotes:
    @pytest.mark.parametrize("queue", ["s", "mstd:2"])
    def test_the_exception_has_the_calls_as_a_note(self, queue):
        with tfrt.HostContext(queue) as host, pytest.raises(tfrt.KernelError) as caught:
            tfrt.load(tfrt.compile(NESTED, "p.mlir"), host=host)["main"]()
        assert caught.value.__notes__ == [
            "In the program, innermost call first:\n"
            "  p.mlir:2:8: tfrt_test.fail() in @inner\n"
            "  p.mlir:9:10: tfrt.call(1) in a region\n"
            "  p.mlir:8:8: tfrt.repeat.i32(4, 1) in @main"
        ]
        assert [call.kernel for call in caught.value.calls] == ["tfrt_test.fail", "tfrt.call", "tfrt.repeat.i32"]

    def test_a_kernels_own_notes_stay(self, temporary_kernels):
        error = tfrt.KernelError("no")
        error.add_note("Look elsewhere.")

        @tfrt.kernel("errors_test.noted")
        def noted() -> int:
            raise error

        text = 'func.func @f() -> i32 {\n  %x = "errors_test.noted"() : () -> i32\n  tfrt.return %x : i32\n}\n'
        program = tfrt.load(tfrt.compile(text, "f.mlir"))
        for _ in range(2):
            with pytest.raises(tfrt.KernelError) as caught:
                program["f"]()
            calls = "In the program, innermost call first:\n  f.mlir:2:8: errors_test.noted() in @f"
            assert caught.value.__notes__ == ["Look elsewhere.", calls]
        assert (error.__notes__, error.calls) == (["Look elsewhere."], ())

    def test_of_deep_recursion_the_innermost_calls_are_told(self):
        text = (
            "func.func @f(%n: i32) -> i32 {\n"
            "  %zero = tfrt.constant.i32 0\n  %done = tfrt.equal.i32 %n, %zero\n"
            "  %y = tfrt.cond %done @fail @next (%n) : (i32) -> (i32)\n  tfrt.return %y : i32\n}\n"
            "func.func @next(%n: i32) -> i32 {\n  %one = tfrt.constant.i32 1\n  %m = "
            '"tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32\n'
            "  %y = tfrt.call @f(%m) : (i32) -> i32\n  tfrt.return %y : i32\n}\n"
            'func.func @fail(%n: i32) -> i32 {\n  %x = "tfrt_test.fail"() : () -> i32\n  tfrt.return %x : i32\n}\n'
        )
        with pytest.raises(tfrt.KernelError) as caught:
            tfrt.load(tfrt.compile(text, "f.mlir"))["f"](100)
        assert [call.kernel for call in caught.value.calls] == [
            "tfrt_test.fail",
            *["tfrt.cond", "tfrt.call"] * 15,
            "tfrt.cond",
        ]

    def test_an_argument_that_is_an_error_did_not_arise_in_the_call(self):
        text = (
            "func.func @second(%x: i32, %y: i32) -> i32 {\n  tfrt.return %y : i32\n}\n"
            'func.func @f() -> i32 {\n  %x = tfrt.constant.i32 1\n  %y = "tfrt_test.fail"() : () -> i32\n'
            "  %z = tfrt.call @second(%x, %y) : (i32, i32) -> i32\n  tfrt.return %z : i32\n}\n"
        )
        with pytest.raises(tfrt.KernelError) as caught:
            tfrt.load(tfrt.compile(text, "f.mlir"))["f"]()
        assert [str(call) for call in caught.value.calls] == ["f.mlir:6:8: tfrt_test.fail() in @f"]


class TestCodes:
    @pytest.mark.parametrize(
        ("raised", "code", "kind"),
        [
            (tfrt.KernelError("x", code="NOT_FOUND"), "NOT_FOUND", tfrt.NotFoundError),
            (tfrt.InvalidArgumentError("x"), "INVALID_ARGUMENT", tfrt.InvalidArgumentError),
            (tfrt.KernelError("x"), "INTERNAL", tfrt.KernelError),
            (tfrt.KernelError("x", code="MINE"), "MINE", tfrt.KernelError),
            (tfrt.KernelError("x", code="CANCELLED"), "CANCELLED", tfrt.CancelledError),
            (NotImplementedError("x"), "UNIMPLEMENTED", tfrt.UnimplementedError),
            (MemoryError(), "RESOURCE_EXHAUSTED", tfrt.ResourceExhaustedError),
            (FileNotFoundError("x"), "NOT_FOUND", tfrt.NotFoundError),
            (FileExistsError("x"), "ALREADY_EXISTS", tfrt.AlreadyExistsError),
            (PermissionError("x"), "PERMISSION_DENIED", tfrt.PermissionDeniedError),
            (TimeoutError("x"), "DEADLINE_EXCEEDED", tfrt.DeadlineExceededError),
            (KeyError("x"), "INTERNAL", tfrt.KernelError),
        ],
    )
    def test_each_code_has_a_class(self, temporary_kernels, raised, code, kind):
        @tfrt.kernel("errors_test.raise")
        def fail() -> int:
            raise raised

        text = 'func.func @f() -> i32 {\n  %x = "errors_test.raise"() : () -> i32\n  tfrt.return %x : i32\n}\n'
        with pytest.raises(tfrt.KernelError) as caught:
            tfrt.load(tfrt.compile(text, "f.mlir"))["f"]()
        assert (type(caught.value), caught.value.code) == (kind, code)
        assert str(caught.value.location) == "f.mlir:2:8"

    def test_a_class_of_ones_own_stays(self):
        class Mine(tfrt.KernelError):
            def __init__(self, number: int):
                super().__init__(f"number {number}", code="NOT_FOUND")
                self.number = number

        error = Mine(3)
        assert (type(error.copy()), error.copy().number, type(error.with_code("ABORTED"))) == (Mine, 3, Mine)
        assert error.with_code("ABORTED").code == "ABORTED"
        assert type(tfrt.KernelError("x").with_code("ABORTED")) is tfrt.AbortedError
