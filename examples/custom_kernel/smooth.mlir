// A program on kernels of one's own: `signal.*` is known to no dialect, only to signal_kernels.py.
//
//   tfrt-translate examples/custom_kernel/smooth.mlir -o smooth.bef
//   bef-run smooth.bef --kernels examples/custom_kernel/signal_kernels.py
//   bef-run smooth.bef --kernels examples/custom_kernel/signal_kernels.py --function smooth --input '6xf32=0 0 9 0 0 0'

// Ops without a definition are written in generic form; attributes reach the kernel as keyword arguments.
func.func @smooth(%signal: !tfrt_tensor.tensor) -> !tfrt_tensor.tensor {
  %result = "signal.moving_average"(%signal) {window = 3 : i32} : (!tfrt_tensor.tensor) -> !tfrt_tensor.tensor
  tfrt.return %result : !tfrt_tensor.tensor
}

func.func @main() -> !tfrt.chain {
  %start = tfrt.new.chain
  %signal = "signal.load"() {samples = dense<[0.0, 0.0, 6.0, 1.0, 5.0, 2.0, 4.0, 0.0, 0.0]> : tensor<9xf32>} : () -> !tfrt_tensor.tensor
  %before = "signal.plot"(%signal, %start) {label = "raw"} : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %smooth = tfrt.call @smooth(%signal) : (!tfrt_tensor.tensor) -> !tfrt_tensor.tensor
  %after = "signal.plot"(%smooth, %before) {label = "smooth"} : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  tfrt.return %after : !tfrt.chain
}

// A kernel that raises fails its results, and the error says where in this file the op is.
func.func @window_too_large() -> !tfrt_tensor.tensor {
  %signal = "signal.load"() {samples = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> !tfrt_tensor.tensor
  %result = "signal.moving_average"(%signal) {window = 9 : i32} : (!tfrt_tensor.tensor) -> !tfrt_tensor.tensor
  tfrt.return %result : !tfrt_tensor.tensor
}
