// RUN: tfrt-opt -p stablehlo-channels-last %s | filecheck %s

// Features come last from the first convolution to the mean, which asks for no order; filters stay as they are.
// CHECK-LABEL: func.func @network
// CHECK: [[FIRST:%.+]] = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, 0, 1, f]
// CHECK-NEXT: %{{.*}} = stablehlo.broadcast_in_dim %arg2, dims = [1]
// CHECK-NEXT: [[BIAS:%.+]] = stablehlo.broadcast_in_dim %arg2, dims = [3] : (tensor<4xf32>) -> tensor<1x8x6x4xf32>
// CHECK-NEXT: [[SUM:%.+]] = stablehlo.add [[FIRST]], [[BIAS]] : tensor<1x8x6x4xf32>
// CHECK: [[SECOND:%.+]] = stablehlo.convolution([[SUM]], %arg3) dim_numbers = [b, 0, 1, f]x[o, i, 0, 1]->[b, 0, 1, f]
// CHECK: "stablehlo.reduce_window"([[SECOND]]
// CHECK-SAME: padding = dense<{{\[\[}}0, 0], [0, 1], [0, 0], [0, 0{{\]\]}}> : tensor<4x2xi64>
// CHECK-SAME: window_dimensions = array<i64: 1, 3, 2, 1>
// CHECK: stablehlo.reduce({{.*}}) applies stablehlo.add across dimensions = [1, 2]
// CHECK-NOT: transpose
// CHECK: return
func.func @network(%x: tensor<1x3x8x6xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf32>, %v: tensor<4x4x1x1xf32>) -> tensor<1x4xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x3x8x6xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x6xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<4xf32>) -> tensor<1x4x8x6xf32>
  %2 = stablehlo.add %0, %1 : tensor<1x4x8x6xf32>
  %3 = stablehlo.convolution(%2, %v) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x8x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x6xf32>
  %4 = "stablehlo.reduce_window"(%3, %zero) <{padding = dense<[[0, 0], [0, 0], [0, 1], [0, 0]]> : tensor<4x2xi64>, window_dimensions = array<i64: 1, 1, 3, 2>, window_strides = array<i64: 1, 1, 2, 2>}> ({
    ^bb0(%a: tensor<f32>, %c: tensor<f32>):
      %m = stablehlo.maximum %a, %c : tensor<f32>
      stablehlo.return %m : tensor<f32>
  }) : (tensor<1x4x8x6xf32>, tensor<f32>) -> tensor<1x4x4x3xf32>
  %5 = stablehlo.reduce(%4 init: %zero) applies stablehlo.add across dimensions = [2, 3] : (tensor<1x4x4x3xf32>, tensor<f32>) -> tensor<1x4xf32>
  return %5 : tensor<1x4xf32>
}

// What asks for the order gets it; what has it, or whose sizes are not known, is left alone.
// CHECK-LABEL: func.func @others
// CHECK: [[MADE:%.+]] = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, f, 0]x[0, i, o]->[b, 0, f]
// CHECK-NEXT: [[BACK:%.+]] = stablehlo.transpose [[MADE]], dims = [0, 2, 1]
// CHECK-NEXT: stablehlo.reshape [[BACK]]
// CHECK: stablehlo.convolution(%arg2, %arg1) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f]
// CHECK-NOT: transpose
// CHECK: stablehlo.convolution(%arg3, %arg1) dim_numbers = [b, f, 0]x[0, i, o]->[b, f, 0]
func.func @others(%x: tensor<1x3x8xf32>, %w: tensor<1x3x4xf32>, %y: tensor<1x8x3xf32>, %z: tensor<?x3x8xf32>) -> (tensor<32xf32>, tensor<1x8x4xf32>, tensor<?x4x8xf32>) {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, f, 0]x[0, i, o]->[b, f, 0], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x3x8xf32>, tensor<1x3x4xf32>) -> tensor<1x4x8xf32>
  %1 = stablehlo.reshape %0 : (tensor<1x4x8xf32>) -> tensor<32xf32>
  %2 = stablehlo.convolution(%y, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x3xf32>, tensor<1x3x4xf32>) -> tensor<1x8x4xf32>
  %3 = stablehlo.convolution(%z, %w) dim_numbers = [b, f, 0]x[0, i, o]->[b, f, 0], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<?x3x8xf32>, tensor<1x3x4xf32>) -> tensor<?x4x8xf32>
  return %1, %2, %3 : tensor<32xf32>, tensor<1x8x4xf32>, tensor<?x4x8xf32>
}

// Convolutions read images as they are before these are transposed, and so do elementwise ops between them, unless others
// need that, too.
// CHECK-LABEL: func.func @transposed
// CHECK: stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, f, 0]x[0, i, o]->[b, 0, f]
// CHECK: [[WIDE:%.+]] = stablehlo.broadcast_in_dim %arg4, dims = [1] : (tensor<5xf32>) -> tensor<1x5x8xf32>
// CHECK-NEXT: [[SCALED:%.+]] = stablehlo.multiply %arg2, [[WIDE]] : tensor<1x5x8xf32>
// CHECK-NEXT: [[TANH:%.+]] = stablehlo.tanh [[SCALED]]
// CHECK-NEXT: [[BENT:%.+]] = stablehlo.multiply [[SCALED]], [[TANH]]
// CHECK-NEXT: stablehlo.convolution([[BENT]], %arg3) dim_numbers = [b, f, 0]x[0, i, o]->[b, 0, f]
// CHECK: [[USED:%.+]] = stablehlo.transpose %arg2
// CHECK-NEXT: stablehlo.convolution([[USED]], %arg3) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f]
// CHECK-NEXT: stablehlo.add [[USED]], %arg5
func.func @transposed(%x: tensor<1x3x8xf32>, %w: tensor<1x3x4xf32>, %y: tensor<1x5x8xf32>, %v: tensor<1x5x4xf32>, %s: tensor<5xf32>, %z: tensor<1x8x5xf32>) -> (tensor<1x8x4xf32>, tensor<1x8x4xf32>, tensor<1x8x4xf32>, tensor<1x8x5xf32>) {
  %0 = stablehlo.transpose %x, dims = [0, 2, 1] : (tensor<1x3x8xf32>) -> tensor<1x8x3xf32>
  %1 = stablehlo.convolution(%0, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x3xf32>, tensor<1x3x4xf32>) -> tensor<1x8x4xf32>
  %2 = stablehlo.transpose %y, dims = [0, 2, 1] : (tensor<1x5x8xf32>) -> tensor<1x8x5xf32>
  %3 = stablehlo.broadcast_in_dim %s, dims = [2] : (tensor<5xf32>) -> tensor<1x8x5xf32>
  %4 = stablehlo.multiply %2, %3 : tensor<1x8x5xf32>
  %t = stablehlo.tanh %4 : tensor<1x8x5xf32>
  %5 = stablehlo.multiply %4, %t : tensor<1x8x5xf32>
  %6 = stablehlo.convolution(%5, %v) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x5xf32>, tensor<1x5x4xf32>) -> tensor<1x8x4xf32>
  %7 = stablehlo.transpose %y, dims = [0, 2, 1] : (tensor<1x5x8xf32>) -> tensor<1x8x5xf32>
  %8 = stablehlo.convolution(%7, %v) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x5xf32>, tensor<1x5x4xf32>) -> tensor<1x8x4xf32>
  %9 = stablehlo.add %7, %z : tensor<1x8x5xf32>
  return %1, %6, %8, %9 : tensor<1x8x4xf32>, tensor<1x8x4xf32>, tensor<1x8x4xf32>, tensor<1x8x5xf32>
}

// Elements are repeated in the order that there is; what is repeated in another way is left alone.
// CHECK-LABEL: func.func @larger
// CHECK: [[MADE:%.+]] = stablehlo.convolution(%arg0, %arg1)
// CHECK: [[WIDE:%.+]] = stablehlo.broadcast_in_dim [[MADE]], dims = [0, 1, 3] : (tensor<1x8x4xf32>) -> tensor<1x8x2x4xf32>
// CHECK-NEXT: [[LARGE:%.+]] = stablehlo.reshape [[WIDE]] : (tensor<1x8x2x4xf32>) -> tensor<1x16x4xf32>
// CHECK-NEXT: stablehlo.negate [[LARGE]]
// CHECK: stablehlo.broadcast_in_dim %{{.+}}, dims = [0, 1, 3] : (tensor<1x4x8xf32>) -> tensor<1x4x2x8xf32>
func.func @larger(%x: tensor<1x3x8xf32>, %w: tensor<1x3x4xf32>) -> (tensor<1x4x16xf32>, tensor<1x4x16xf32>) {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, f, 0]x[0, i, o]->[b, f, 0], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x3x8xf32>, tensor<1x3x4xf32>) -> tensor<1x4x8xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [0, 1, 2] : (tensor<1x4x8xf32>) -> tensor<1x4x8x2xf32>
  %2 = stablehlo.reshape %1 : (tensor<1x4x8x2xf32>) -> tensor<1x4x16xf32>
  %3 = stablehlo.negate %2 : tensor<1x4x16xf32>
  %4 = stablehlo.broadcast_in_dim %0, dims = [0, 1, 3] : (tensor<1x4x8xf32>) -> tensor<1x4x2x8xf32>
  %5 = stablehlo.reshape %4 : (tensor<1x4x2x8xf32>) -> tensor<1x4x16xf32>
  return %3, %5 : tensor<1x4x16xf32>, tensor<1x4x16xf32>
}
