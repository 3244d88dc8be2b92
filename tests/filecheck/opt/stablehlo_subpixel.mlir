// RUN: tfrt-opt -p stablehlo-subpixel,stablehlo-canonicalize %s | filecheck %s

// All phases see one element of the filters, so they are features of one convolution.
// CHECK-LABEL: func.func @as_many
// CHECK: [[ALL:%.+]] = stablehlo.concatenate %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, dim = 3
// CHECK-NEXT: [[MADE:%.+]] = stablehlo.convolution(%arg0, [[ALL]]) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = {{\[\[}}0, 0], [0, 0]]}
// CHECK-SAME: -> tensor<1x4x4x20xf32>
// CHECK-NEXT: [[APART:%.+]] = stablehlo.reshape [[MADE]] : (tensor<1x4x4x20xf32>) -> tensor<1x4x4x2x2x5xf32>
// CHECK-NEXT: [[MOVED:%.+]] = stablehlo.transpose [[APART]], dims = [0, 1, 3, 2, 4, 5]
// CHECK-NEXT: stablehlo.reshape [[MOVED]] : (tensor<1x4x2x4x2x5xf32>) -> tensor<1x8x8x5xf32>
func.func @as_many(%x: tensor<1x4x4x3xf32>, %w: tensor<2x2x3x5xf32>) -> tensor<1x8x8x5xf32> {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]], lhs_dilate = [2, 2]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x4x3xf32>, tensor<2x2x3x5xf32>) -> tensor<1x8x8x5xf32>
  return %0 : tensor<1x8x8x5xf32>
}

// One phase sees two elements, the other one; what is too much is cut off, and the result is in its own order.
// CHECK-LABEL: func.func @one_more
// CHECK: [[FIRST:%.+]] = stablehlo.slice %arg1 [0:3:2, 0:3, 0:5]
// CHECK-NEXT: [[ONE:%.+]] = stablehlo.convolution(%arg0, [[FIRST]]) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {pad = {{\[\[}}1, 0]]}
// CHECK: [[SECOND:%.+]] = stablehlo.slice %arg1 [1:2:{{1|2}}, 0:3, 0:5]
// CHECK-NEXT: [[OTHER:%.+]] = stablehlo.convolution(%arg0, [[SECOND]])
// CHECK-NEXT: stablehlo.concatenate [[ONE]], [[OTHER]], dim = 2
// CHECK: stablehlo.slice %{{.+}} [0:1, 0:7, 0:5]
// CHECK-NEXT: stablehlo.transpose %{{.+}}, dims = [0, 2, 1]
func.func @one_more(%x: tensor<1x4x3xf32>, %w: tensor<3x3x5xf32>) -> tensor<1x5x7xf32> {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, f, 0], window = {pad = [[2, 0]], lhs_dilate = [2]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x3xf32>, tensor<3x3x5xf32>) -> tensor<1x5x7xf32>
  return %0 : tensor<1x5x7xf32>
}

// Filters of one element see nothing of the gaps: these are zero.
// CHECK-LABEL: func.func @nothing_between
// CHECK-DAG: [[MADE:%.+]] = stablehlo.convolution(%arg0, %arg1)
// CHECK-DAG: [[ZERO:%.+]] = stablehlo.constant dense<0.0
// CHECK: stablehlo.concatenate [[MADE]], %{{.+}}, dim = 2
func.func @nothing_between(%x: tensor<1x4x3xf32>, %w: tensor<1x3x5xf32>) -> tensor<1x7x5xf32> {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {lhs_dilate = [2]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x3xf32>, tensor<1x3x5xf32>) -> tensor<1x7x5xf32>
  return %0 : tensor<1x7x5xf32>
}

// Steps, gaps in filters too, many phases, groups of batches and sizes that are not known stay as they are.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-5: lhs_dilate
func.func @others(%x: tensor<2x4x3xf32>, %w: tensor<2x3x6xf32>, %y: tensor<?x4x3xf32>) -> (tensor<2x3x6xf32>, tensor<2x5x6xf32>, tensor<2x50x6xf32>, tensor<1x6x6xf32>, tensor<?x6x6xf32>) {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {stride = [2], lhs_dilate = [2]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x4x3xf32>, tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %1 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {lhs_dilate = [2], rhs_dilate = [2]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x4x3xf32>, tensor<2x3x6xf32>) -> tensor<2x5x6xf32>
  %2 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {lhs_dilate = [17], pad = [[0, -1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x4x3xf32>, tensor<2x3x6xf32>) -> tensor<2x50x6xf32>
  %3 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {lhs_dilate = [2]} {batch_group_count = 2 : i64, feature_group_count = 1 : i64} : (tensor<2x4x3xf32>, tensor<2x3x6xf32>) -> tensor<1x6x6xf32>
  %4 = stablehlo.convolution(%y, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {lhs_dilate = [2]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<?x4x3xf32>, tensor<2x3x6xf32>) -> tensor<?x6x6xf32>
  return %0, %1, %2, %3, %4 : tensor<2x3x6xf32>, tensor<2x5x6xf32>, tensor<2x50x6xf32>, tensor<1x6x6xf32>, tensor<?x6x6xf32>
}
