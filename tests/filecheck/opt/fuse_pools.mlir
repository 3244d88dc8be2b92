// RUN: tfrt-opt -p 'lower-stablehlo,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops,fuse-pools' %s | filecheck %s
// RUN: tfrt-opt -p 'lower-stablehlo,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops,fuse-pools' %s --print-debuginfo | filecheck %s --check-prefix=WHERE

// A layer and its pool are one kernel, which fails at all their places. The bias is read once, though it is added twice.
// CHECK-LABEL: func.func @layer
// CHECK: [[ZERO:%.+]] = cpu.constant {value = dense<0.000000e+00>
// CHECK: cpu.call %arg0, %arg1, %arg2, [[ZERO]] {{.*}}inputs = 2 : i64, metadata = {{\[\[}}f32, 1, 4, 4, 4]]{{.*}}op_name = "stablehlo.convolution"
// CHECK-SAME: steps = {{\[\[}}"stablehlo.add", 0, 1], ["stablehlo.maximum", 3, 2], ["stablehlo.reduce_window", 4, [["window_dimensions", [1, 2, 2, 1]]
// CHECK-SAME: ["body", "stablehlo.maximum"]]], ["stablehlo.tanh", 5], ["stablehlo.add", 6, 1]]
// CHECK-NOT: cpu.call
// CHECK-NOT: cpu.elementwise
// WHERE: cpu.call {{.*}} loc(fused["{{.*}}fuse_pools.mlir":16:8, "{{.*}}fuse_pools.mlir":18:8, "{{.*}}fuse_pools.mlir":21:8, "{{.*}}fuse_pools.mlir":23:8, "{{.*}}fuse_pools.mlir":28:8, "{{.*}}fuse_pools.mlir":29:8])
func.func @layer(%x: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x4xf32>, %b: tensor<4xf32>) -> tensor<1x4x4x4xf32> {
  %wide = stablehlo.broadcast_in_dim %b, dims = [3] : (tensor<4xf32>) -> tensor<1x8x8x4xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x8x8x4xf32>
  %a = stablehlo.add %y, %wide : tensor<1x8x8x4xf32>
  %zeros = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<1x8x8x4xf32>
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %r = stablehlo.maximum %a, %zeros : tensor<1x8x8x4xf32>
  %narrow = stablehlo.broadcast_in_dim %b, dims = [3] : (tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %p = "stablehlo.reduce_window"(%r, %low) <{window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
  ^bb0(%0: tensor<f32>, %1: tensor<f32>):
    %2 = stablehlo.maximum %0, %1 : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<1x8x8x4xf32>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %t = stablehlo.tanh %p : tensor<1x4x4x4xf32>
  %z = stablehlo.add %t, %narrow : tensor<1x4x4x4xf32>
  return %z : tensor<1x4x4x4xf32>
}

// Sums, whatever is left over at the end.
// CHECK-LABEL: func.func @sums
// CHECK: cpu.call {{.*}}metadata = {{\[\[}}f64, 1, 2, 2, 4]]{{.*}}op_name = "stablehlo.convolution", steps = {{\[\[}}"stablehlo.reduce_window", 0, [["window_dimensions", [1, 3, 2, 1]]
// CHECK-NOT: cpu.call
func.func @sums(%x: tensor<1x8x5x3xf64>, %w: tensor<1x1x3x4xf64>) -> tensor<1x2x2x4xf64> {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x5x3xf64>, tensor<1x1x3x4xf64>) -> tensor<1x8x5x4xf64>
  %zero = stablehlo.constant dense<0.0> : tensor<f64>
  %p = "stablehlo.reduce_window"(%y, %zero) <{window_dimensions = array<i64: 1, 3, 2, 1>, window_strides = array<i64: 1, 3, 2, 1>}> ({
  ^bb0(%0: tensor<f64>, %1: tensor<f64>):
    %2 = stablehlo.add %0, %1 : tensor<f64>
    stablehlo.return %2 : tensor<f64>
  }) : (tensor<1x8x5x4xf64>, tensor<f64>) -> tensor<1x2x2x4xf64>
  return %p : tensor<1x2x2x4xf64>
}

// Apart stay a pool from another value than all others, and one of what something else reads, too.
// CHECK-LABEL: func.func @apart
// CHECK: cpu.call {{.*}}op_name = "stablehlo.convolution", steps = []
// CHECK: cpu.call {{.*}}op_name = "stablehlo.reduce_window"
// CHECK: cpu.call {{.*}}op_name = "stablehlo.convolution", steps = []
// CHECK: cpu.call {{.*}}op_name = "stablehlo.reduce_window"
func.func @apart(%x: tensor<1x4x4x4xf32>, %w: tensor<1x1x4x4xf32>) -> (tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>, tensor<1x4x4x4xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %p = "stablehlo.reduce_window"(%y, %zero) <{window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
  ^bb0(%0: tensor<f32>, %1: tensor<f32>):
    %2 = stablehlo.maximum %0, %1 : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x2x2x4xf32>
  %z = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x4x4x4xf32>
  %q = "stablehlo.reduce_window"(%z, %zero) <{window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
  ^bb0(%0: tensor<f32>, %1: tensor<f32>):
    %2 = stablehlo.add %0, %1 : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x2x2x4xf32>
  return %p, %q, %z : tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>, tensor<1x4x4x4xf32>
}

// Ops of TensorFlow.
// CHECK-LABEL: func.func @tensorflow
// CHECK: cpu.call {{.*}}op_name = "tf.Conv2D", steps = {{\[\[}}"tf.BiasAdd", 0, 1], ["tf.Relu", 2], ["tf.MaxPool", 3, [{{.*}}]]]
// CHECK: cpu.call {{.*}}op_name = "tf.Conv2D", steps = {{\[\[}}"tf.AvgPool", 0, [{{.*}}]]]
// CHECK-NOT: cpu.call
func.func @tensorflow(%x: tensor<1x4x4x4xf32>, %w: tensor<3x3x4x4xf32>, %b: tensor<4xf32>) -> (tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>) {
  %y = "tf.Conv2D"(%x, %w) {strides = [1, 1, 1, 1], padding = "SAME"} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
  %a = "tf.BiasAdd"(%y, %b) : (tensor<1x4x4x4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %r = "tf.Relu"(%a) : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %p = "tf.MaxPool"(%r) {ksize = [1, 2, 2, 1], strides = [1, 2, 2, 1], padding = "VALID"} : (tensor<1x4x4x4xf32>) -> tensor<1x2x2x4xf32>
  %z = "tf.Conv2D"(%x, %w) {strides = [1, 1, 1, 1], padding = "SAME"} : (tensor<1x4x4x4xf32>, tensor<3x3x4x4xf32>) -> tensor<1x4x4x4xf32>
  %m = "tf.AvgPool"(%z) {ksize = [1, 2, 2, 1], strides = [1, 2, 2, 1], padding = "SAME"} : (tensor<1x4x4x4xf32>) -> tensor<1x2x2x4xf32>
  return %p, %m : tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>
}
