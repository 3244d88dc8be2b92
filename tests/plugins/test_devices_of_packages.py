"""Op handlers of installed packages."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime

X = np.float32([-1, 2])

HANDLER = """
    import tfrt
    from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler

    def create(host):
        return CpuOpHandler(name="npu")
"""


def refusal(name="npu"):
    with tfrt.HostContext() as host, pytest.raises(tfrt.UsageError) as caught:
        CoreRuntime.of(host).execute("tf.Relu", X, handler=name)
    return str(caught.value)


def test_a_package_brings_a_device(install):
    install("a", {"tfrt.devices": {"npu": "of_a:create"}}, of_a=HANDLER)
    with tfrt.HostContext() as host:
        runtime = CoreRuntime.of(host)
        assert runtime.execute("tf.Relu", X, handler="npu")[0].numpy().tolist() == [0, 2]
        assert runtime.handler("npu") is runtime.handler("npu")


BROKEN = {
    "no_such_package:create": "cannot import device 'npu' of package 'a' (no_such_package:create): "
    "ModuleNotFoundError: No module named 'no_such_package'",
    "of_a:nothing": "cannot import device 'npu' of package 'a' (of_a:nothing): "
    "AttributeError: module 'of_a' has no attribute 'nothing'",
    "of_a:fails": "device 'npu' of package 'a' (of_a:fails) makes no op handler: ZeroDivisionError: division by zero",
    "of_a:lacks": "no driver",
    "of_a:number": "device 'npu' of package 'a' (of_a:number) makes no op handler: "
    "TypeError: 'int' object is not callable",
    "of_a:gives_number": "device 'npu' of package 'a' (of_a:gives_number) makes no op handler, but int",
}


@pytest.mark.parametrize("value", BROKEN)
def test_broken_devices(install, value):
    install(
        "a",
        {"tfrt.devices": {"npu": value}},
        of_a="""
            import tfrt

            number = 1

            def gives_number(host):
                return 1

            def fails(host):
                return 1 / 0

            def lacks(host):
                raise tfrt.UsageError("no driver")
        """,
    )
    for _ in range(2):
        assert refusal() == BROKEN[value]


def test_a_broken_device_fails_the_program(install, tool):
    install("a", {"tfrt.devices": {"npu": "no_such_package:create"}})
    text = """func.func @main() -> !tfrt.chain {
  %ch = tfrt.new.chain
  %npu = corert.get_op_handler %ch "npu"
  tfrt.return %ch : !tfrt.chain
}"""
    done = tool("bef-run", stdin=tfrt.compile(text, "npu.mlir"))
    assert done.err == (
        "npu.mlir:3:10: error: runtime error: cannot import device 'npu' of package 'a' (no_such_package:create): "
        "ModuleNotFoundError: No module named 'no_such_package'\n"
    )


def test_two_packages_with_one_device(install):
    for package in "ab":
        install(package, {"tfrt.devices": {"npu": f"of_{package}:create"}}, **{f"of_{package}": HANDLER})
    assert refusal() == (
        "device 'npu' comes from two packages, 'b' (of_b:create) and 'a' (of_a:create); uninstall one of them"
    )


def test_a_device_of_ours(install):
    install("a", {"tfrt.devices": {"sim": "of_a:create"}}, of_a=HANDLER)
    assert refusal("sim") == (
        "device 'sim' comes from two packages, 'tfrt' (tfrt.executor.devices.simulated:create) and 'a' (of_a:create);"
        " uninstall 'a', or rename it there"
    )


def test_nobody_else_is_the_cpu(install):
    install("a", {"tfrt.devices": {"cpu": "of_a:create", "npu": "of_a:create"}}, of_a=HANDLER)
    assert refusal() == (
        "device 'cpu' comes from two packages, 'tfrt' and 'a' (of_a:create); uninstall 'a', or rename it there"
    )
    with tfrt.HostContext() as host:
        assert CoreRuntime.of(host).execute("tf.Relu", X, handler="cpu")[0].device.name == "CPU:0"


COPIES = (
    HANDLER
    + """
    register_copy("CPU", "NPU", lambda tensor, device, context: tensor)
"""
)


def test_two_packages_with_copies_for_the_same_kinds_of_devices(install):
    text = COPIES.replace(
        "CpuOpHandler\n", "CpuOpHandler\n    from tfrt.executor.core_runtime.transfer import register_copy\n", 1
    )
    for package in "ab":
        install(package, {"tfrt.devices": {f"npu-{package}": f"of_{package}:create"}}, **{f"of_{package}": text})
    with tfrt.HostContext() as host:
        assert CoreRuntime.of(host).handler("npu-a") is not None
    assert refusal("npu-b") == "copy 'CPU to NPU' comes from two packages, 'a' and 'b'; uninstall one of them"


def test_the_users_own_copy_stays(install):
    from tfrt.executor.core_runtime import transfer

    def own(tensor, device, context):
        return tensor

    text = COPIES.replace(
        "CpuOpHandler\n", "CpuOpHandler\n    from tfrt.executor.core_runtime.transfer import register_copy\n", 1
    )
    install("a", {"tfrt.devices": {"npu": "of_a:create"}}, of_a=text)
    transfer.register_copy("CPU", "NPU", own)
    with tfrt.HostContext() as host:
        assert CoreRuntime.of(host).handler("npu") is not None
    assert transfer._COPIES["CPU", "NPU"] is own
