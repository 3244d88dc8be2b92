// RUN: tfrt-opt -p 'lower-tf,lower-stablehlo,decompose-cpu-ops,fold-broadcasts' %s | filecheck %s

// What works element by element, and what consists of it, is that.
// CHECK-LABEL: func.func @main
// CHECK: %[[M:.*]] = cpu.call {{.*}}op_name = "tf.MatMul"
// CHECK: %[[B:.*]] = cpu.elementwise %[[M]], %arg2 {{.*}}steps = {{\[\[}}"tf.BiasAdd", 0, 1]]
// CHECK: %[[A:.*]] = cpu.elementwise %[[B]], %arg3 {{.*}}steps = {{\[\[}}"tf.AddV2", 0, 1]]
// CHECK: cpu.elementwise %[[A]]
// CHECK-NOT: op_name = "tf.BiasAdd"
func.func @main(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>, %b: tensor<4xf32>, %c: tensor<f32>) -> tensor<2x4xf32> {
  %0 = "tf.MatMul"(%x, %w) {transpose_a = false, transpose_b = false} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %1 = "tf.BiasAdd"(%0, %b) {data_format = "NHWC"} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %2 = "tf.AddV2"(%1, %c) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %3 = "tf.Relu"(%2) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %3 : tensor<2x4xf32>
}

// Unless shapes are unknown, no operand is whole, something is wrong, or other results are used.
// CHECK-LABEL: func.func @others
// CHECK: cpu.execute {{.*}}op_name = "tf.AddV2"
// CHECK: cpu.call {{.*}}op_name = "tf.AddV2"
// CHECK: cpu.call {{.*}}op_name = "tf.BiasAdd"
// CHECK: cpu.call {{.*}}op_name = "tf.FusedBatchNormV3"
// CHECK-NOT: cpu.elementwise
// CHECK: tfrt.return
func.func @others(%u: tensor<?xf32>, %x: tensor<2x1xf32>, %y: tensor<1x2xf32>, %i: tensor<1x2x3x4xf32>, %s: tensor<2xf32>, %t: tensor<4xf32>)
    -> (tensor<?xf32>, tensor<2x2xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<4xf32>) {
  %0 = "tf.AddV2"(%u, %u) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = "tf.AddV2"(%x, %y) : (tensor<2x1xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  %2 = "tf.BiasAdd"(%i, %s) {data_format = "NCHW"} : (tensor<1x2x3x4xf32>, tensor<2xf32>) -> tensor<1x2x3x4xf32>
  %3:6 = "tf.FusedBatchNormV3"(%i, %t, %t, %t, %t) {data_format = "NHWC", epsilon = 1.000000e-03 : f32, is_training = false}
    : (tensor<1x2x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<1x2x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<0xf32>)
  return %0, %1, %2, %3#0, %3#1 : tensor<?xf32>, tensor<2x2xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<4xf32>
}

// Of operands that are repeated the one that is whole stays so, wherever it is.
// CHECK-LABEL: func.func @rows
// CHECK: %[[WHOLE:.*]] = cpu.call {{.*}}op_name = "stablehlo.broadcast_in_dim"
// CHECK: cpu.elementwise %arg0, %[[WHOLE]] {{.*}}steps = {{\[\[}}"tf.Mul", 0, 1]]
func.func @rows(%x: tensor<1x4xf32>) -> tensor<4x4xf32> {
  %one = stablehlo.constant dense<2.0> : tensor<f32>
  %ones = stablehlo.broadcast_in_dim %one, dims = [] : (tensor<f32>) -> tensor<4x4xf32>
  %0 = "tf.Mul"(%x, %ones) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
