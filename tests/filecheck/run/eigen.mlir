// The kernels of eigen write into tensors that the program allocated.
// RUN: tfrt-translate --mlir-to-bef %s | bef-run | filecheck %s

// CHECK-LABEL: --- Running 'convolution_and_pooling'
func.func @convolution_and_pooling() {
  %ch0 = tfrt.new.chain
  %images = "tfrt_dht.create_uninitialized_tensor.f32.4"() {shape = [1 : i64, 2 : i64, 2 : i64, 1 : i64]} : () -> !tfrt_tensor.tensor
  %ch1 = "tfrt_dht.set_tensor_with_constant_values.f32"(%images, %ch0) {values = [1.0 : f32, 2.0 : f32, 3.0 : f32, 4.0 : f32]} : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %grown = "tfrt_dht.create_uninitialized_tensor.f32.4"() {shape = [1 : i64, 2 : i64, 4 : i64, 1 : i64]} : () -> !tfrt_tensor.tensor
  %ch2 = "eigen.zero_padding.f32"(%images, %grown, %ch1) {padding = [0 : i64, 1 : i64]} : (!tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  // CHECK-NEXT: values = [0.000000e+00, 1.000000e+00, 2.000000e+00, 0.000000e+00, 0.000000e+00, 3.000000e+00, 4.000000e+00, 0.000000e+00]
  %ch3 = tfrt_dht.print_tensor %grown, %ch2
  %filters = "tfrt_dht.create_uninitialized_tensor.f32.4"() {shape = [2 : i64, 2 : i64, 1 : i64, 1 : i64]} : () -> !tfrt_tensor.tensor
  %ch4 = "tfrt_dht.fill_tensor_with_constant.f32"(%filters, %ch3) {value = 1.0 : f32} : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %bias = "tfrt_dht.create_uninitialized_tensor.f32.1"() {shape = [1 : i64]} : () -> !tfrt_tensor.tensor
  %ch5 = "tfrt_dht.fill_tensor_with_constant.f32"(%bias, %ch4) {value = 0.5 : f32} : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %convolved = "tfrt_dht.create_uninitialized_tensor.f32.4"() {shape = [1 : i64, 1 : i64, 3 : i64, 1 : i64]} : () -> !tfrt_tensor.tensor
  %ch6 = "eigen.conv2d.bias.f32"(%grown, %filters, %bias, %convolved, %ch5) {padding = "valid", strides = [1 : i64, 1 : i64]} : (!tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  // CHECK-NEXT: values = [4.500000e+00, 1.050000e+01, 6.500000e+00]
  %ch7 = tfrt_dht.print_tensor %convolved, %ch6
  %ch8 = "eigen.batch_norm.f32"(%convolved, %bias, %bias, %bias, %bias, %ch7) {epsilon = 3.5 : f32} : (!tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  // CHECK-NEXT: values = [1.500000e+00, 3.000000e+00, 2.000000e+00]
  %ch9 = tfrt_dht.print_tensor %convolved, %ch8
  %pooled = "tfrt_dht.create_uninitialized_tensor.f32.4"() {shape = [1 : i64, 1 : i64, 2 : i64, 1 : i64]} : () -> !tfrt_tensor.tensor
  %ch10 = "eigen.max_pooling_2d.f32"(%convolved, %pooled, %ch9) {ksize = [1 : i64, 2 : i64], padding = "same", strides = [1 : i64, 2 : i64]} : (!tfrt_tensor.tensor, !tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  // CHECK-NEXT: values = [3.000000e+00, 2.000000e+00]
  %ch11 = tfrt_dht.print_tensor %pooled, %ch10
  tfrt.return
}
