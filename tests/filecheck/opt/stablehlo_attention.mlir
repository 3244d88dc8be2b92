// RUN: tfrt-opt -p stablehlo-attention,stablehlo-canonicalize %s | filecheck %s

// Heads in the middle, a cache of keys and values, a scale and a mask: what is new stays apart, and nothing is copied.
// CHECK-LABEL: func.func @heads
// CHECK-DAG: [[MASK:%.+]] = stablehlo.reshape %arg5 : (tensor<6xf32>) -> tensor<1x1x6xf32>
// CHECK-DAG: [[Q:%.+]] = stablehlo.transpose %arg0, dims = [1, 0, 2] : (tensor<2x4x8xf32>) -> tensor<4x2x8xf32>
// CHECK: [[A:%.+]] = nn.attention [[Q]], %arg1, %arg2, %arg3, %arg4, [[MASK]] {key_parts = 2 : i64, scale = 2.500000e-01 : f64, value_parts = 2 : i64}
// CHECK-NOT: dot_general
// CHECK: return [[A]] : tensor<4x2x3xf32>
func.func @heads(%q: tensor<2x4x8xf32>, %k: tensor<4x5x8xf32>, %kn: tensor<4x1x8xf32>, %v: tensor<4x5x3xf32>, %vn: tensor<4x1x3xf32>, %mask: tensor<6xf32>) -> tensor<4x2x3xf32> {
  %0 = stablehlo.concatenate %k, %kn, dim = 1 : (tensor<4x5x8xf32>, tensor<4x1x8xf32>) -> tensor<4x6x8xf32>
  %1 = stablehlo.concatenate %v, %vn, dim = 1 : (tensor<4x5x3xf32>, tensor<4x1x3xf32>) -> tensor<4x6x3xf32>
  %2 = stablehlo.dot_general %q, %0, batching_dims = [1] x [0], contracting_dims = [2] x [2] : (tensor<2x4x8xf32>, tensor<4x6x8xf32>) -> tensor<4x2x6xf32>
  %3 = stablehlo.constant dense<4.0> : tensor<4x2x6xf32>
  %4 = stablehlo.divide %2, %3 : tensor<4x2x6xf32>
  %5 = stablehlo.broadcast_in_dim %mask, dims = [2] : (tensor<6xf32>) -> tensor<4x2x6xf32>
  %6 = stablehlo.add %5, %4 : tensor<4x2x6xf32>
  %7 = nn.softmax %6 {dimension = 2 : i64} : (tensor<4x2x6xf32>) -> tensor<4x2x6xf32>
  %8 = stablehlo.dot_general %7, %1, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<4x2x6xf32>, tensor<4x6x3xf32>) -> tensor<4x2x3xf32>
  return %8 : tensor<4x2x3xf32>
}

// Values times scores, of matrices.
// CHECK-LABEL: func.func @values_first
// CHECK: [[K:%.+]] = stablehlo.transpose %arg1, dims = [1, 0]
// CHECK: [[V:%.+]] = stablehlo.transpose %arg2, dims = [1, 0]
// CHECK: [[A:%.+]] = nn.attention %arg0, [[K]], [[V]] {key_parts = 1 : i64, scale = 1.000000e+00 : f64, value_parts = 1 : i64}
// CHECK: [[R:%.+]] = stablehlo.transpose [[A]], dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK: return [[R]]
func.func @values_first(%q: tensor<2x8xf32>, %k: tensor<8x6xf32>, %v: tensor<3x6xf32>) -> tensor<3x2xf32> {
  %0 = stablehlo.dot_general %q, %k, contracting_dims = [1] x [0] : (tensor<2x8xf32>, tensor<8x6xf32>) -> tensor<2x6xf32>
  %1 = nn.softmax %0 {dimension = 1 : i64} : (tensor<2x6xf32>) -> tensor<2x6xf32>
  %2 = stablehlo.dot_general %v, %1, contracting_dims = [1] x [1] : (tensor<3x6xf32>, tensor<2x6xf32>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}

// A softmax along queries, a mask that is scaled, and scores that something else reads, are other things.
// CHECK-LABEL: func.func @others
// CHECK-NOT: nn.attention
// CHECK: return
func.func @others(%q: tensor<6x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x3xf32>, %mask: tensor<6x6xf32>) -> (tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x6xf32>) {
  %0 = stablehlo.dot_general %q, %k, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %1 = nn.softmax %0 {dimension = 0 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %2 = stablehlo.dot_general %1, %v, contracting_dims = [1] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
  %3 = stablehlo.dot_general %k, %q, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %4 = stablehlo.add %3, %mask : tensor<6x6xf32>
  %5 = stablehlo.constant dense<0.5> : tensor<6x6xf32>
  %6 = stablehlo.multiply %4, %5 : tensor<6x6xf32>
  %7 = nn.softmax %6 {dimension = 1 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %8 = stablehlo.dot_general %7, %v, contracting_dims = [1] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
  %9 = stablehlo.dot_general %k, %k, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %10 = nn.softmax %9 {dimension = 1 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %11 = stablehlo.dot_general %10, %v, contracting_dims = [1] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
  return %2, %8, %11, %9 : tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x6xf32>
}
