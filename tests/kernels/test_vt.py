"""Kernels of `vt`, and with them how long the executor keeps values."""

import io

import tfrt


def printed(body):
    out = io.StringIO()
    text = f"""
func.func @give_back(%x: !vt.value) -> !vt.value {{
  tfrt.return %x : !vt.value
}}
func.func @main() {{
  %ch = tfrt.new.chain
  {body}
  tfrt.return
}}"""
    with tfrt.HostContext("s", out=out) as host:
        tfrt.load(tfrt.compile(text), host=host)["main"]()
    return [line for line in out.getvalue().splitlines() if not line.startswith("move")]


def test_operands_go_after_their_last_use_and_results_that_nobody_uses_at_once():
    assert printed(
        """
  %a = "vt.constant"() {value = 2147483647 : i32} : () -> !vt.value
  %b = "vt.constant"() {value = 1 : i32} : () -> !vt.value
  %sum = "vt.add"(%a, %b) : (!vt.value, !vt.value) -> !vt.value
  %ch1 = "vt.print"(%sum, %ch) : (!vt.value, !tfrt.chain) -> !tfrt.chain
  %unused = "vt.constant"() {value = 5 : i32} : () -> !vt.value"""
    ) == [
        "constructed vt.value(5)",
        "destroyed vt.value(5)",
        "constructed vt.value(2147483647)",
        "constructed vt.value(1)",
        "constructed vt.value(-2147483648)",
        "destroyed vt.value(2147483647)",
        "destroyed vt.value(1)",
        "print vt_value(-2147483648)",
        "destroyed vt.value(-2147483648)",
    ]


def test_a_function_hands_its_argument_back():
    assert printed(
        """
  %a = "vt.constant"() {value = 1 : i32} : () -> !vt.value
  %b = tfrt.call @give_back(%a) : (!vt.value) -> !vt.value
  %c, %d = "tfrt_test.share_to_two"(%b) : (!vt.value) -> (!vt.value, !vt.value)
  %ch1 = "vt.print"(%c, %ch) : (!vt.value, !tfrt.chain) -> !tfrt.chain
  %ch2 = "vt.print"(%d, %ch1) : (!vt.value, !tfrt.chain) -> !tfrt.chain"""
    ) == ["constructed vt.value(1)", "print vt_value(1)", "print vt_value(1)", "destroyed vt.value(1)"]
