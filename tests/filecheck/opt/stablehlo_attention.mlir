// RUN: tfrt-opt -p stablehlo-attention,stablehlo-canonicalize %s | filecheck %s

// Heads in the middle, a cache of keys and values, a scale and a mask: what is new stays apart, and nothing is copied.
// CHECK-LABEL: func.func @heads
// CHECK-DAG: [[MASK:%.+]] = stablehlo.reshape %arg5 : (tensor<6xf32>) -> tensor<1x1x6xf32>
// CHECK-DAG: [[Q:%.+]] = stablehlo.transpose %arg0, dims = [1, 0, 2] : (tensor<2x4x8xf32>) -> tensor<4x2x8xf32>
// CHECK: [[A:%.+]] = nn.attention [[Q]], %arg1, %arg2, %arg3, %arg4, [[MASK]] {key_parts = 2 : i64, scale = 2.500000e-01 : f64, scores = {{\[\["add"\]\]}}, value_parts = 2 : i64}
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

// A softmax along queries makes these the keys, and a mask that is added may be scaled; scores that something else reads
// are other things.
// CHECK-LABEL: func.func @others
// CHECK: [[A:%.+]] = nn.attention %arg1, %arg0, [[V:%.+]] {key_parts = 1 : i64, scale = 1.000000e+00 : f64, value_parts = 1 : i64}
// CHECK: [[B:%.+]] = nn.attention %arg1, %arg0, %arg2, %arg3 {key_parts = 1 : i64, scale = 1.000000e+00 : f64, scores = {{\[\["add"\], \["multiply", 5.000000e-01\]\]}}, value_parts = 1 : i64}
// CHECK-NOT: nn.attention
// CHECK: return [[A]], [[B]]
func.func @others(%q: tensor<6x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x3xf32>, %mask: tensor<6x6xf32>) -> (tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x6xf32>) {
  %0 = stablehlo.dot_general %q, %k, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %1 = nn.softmax %0 {dimension = 0 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %2 = stablehlo.dot_general %1, %v, contracting_dims = [0] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
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

// Scores where a mask is false, or true, are numbers; what is scaled before it is multiplied need not be.
// CHECK-LABEL: func.func @chosen
// CHECK: [[MASK:%.+]] = stablehlo.reshape %arg3 : (tensor<6xi1>) -> tensor<1x6xi1>
// CHECK: [[NOT:%.+]] = stablehlo.not %arg4 : tensor<6x6xi1>
// CHECK: [[A:%.+]] = nn.attention %arg0, %arg1, %arg2, [[MASK]], [[NOT]] {key_parts = 1 : i64, scale = 1.500000e+00 : f64, scores = {{\[\["select", -3.000000e\+01\], \["select", 0xFFF0000000000000 : f64\]\]}}, value_parts = 1 : i64}
// CHECK-NOT: stablehlo.multiply
// CHECK: return [[A]]
func.func @chosen(%q: tensor<6x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x3xf32>, %m: tensor<6xi1>, %n: tensor<6x6xi1>) -> tensor<6x3xf32> {
  %two = stablehlo.constant dense<2.0> : tensor<6x8xf32>
  %half = stablehlo.constant dense<0.25> : tensor<6x8xf32>
  %three = stablehlo.constant dense<3.0> : tensor<6x6xf32>
  %low = stablehlo.constant dense<-10.0> : tensor<6x6xf32>
  %none = stablehlo.constant dense<0xFF800000> : tensor<6x6xf32>
  %mask = stablehlo.broadcast_in_dim %m, dims = [1] : (tensor<6xi1>) -> tensor<6x6xi1>
  %0 = stablehlo.multiply %q, %two : tensor<6x8xf32>
  %1 = stablehlo.multiply %k, %half : tensor<6x8xf32>
  %2 = stablehlo.dot_general %0, %1, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %3 = stablehlo.select %mask, %2, %low : tensor<6x6xi1>, tensor<6x6xf32>
  %4 = stablehlo.multiply %3, %three : tensor<6x6xf32>
  %5 = stablehlo.select %n, %none, %4 : tensor<6x6xi1>, tensor<6x6xf32>
  %6 = nn.softmax %5 {dimension = 1 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %7 = stablehlo.dot_general %6, %v, contracting_dims = [1] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
  return %7 : tensor<6x3xf32>
}

// Keys and values that are repeated for four heads, a single query: the heads of a group are rows of one product.
// CHECK-LABEL: func.func @shared
// CHECK: [[Q:%.+]] = stablehlo.reshape %arg0 : (tensor<4x1x8xf32>) -> tensor<2x2x8xf32>
// CHECK: [[A:%.+]] = nn.attention [[Q]], %arg1, %arg2, %arg3 {key_parts = 2 : i64
// CHECK: [[R:%.+]] = stablehlo.reshape [[A]] : (tensor<2x2x8xf32>) -> tensor<4x1x8xf32>
// CHECK: return [[R]]
func.func @shared(%q: tensor<4x1x8xf32>, %k: tensor<2x5x8xf32>, %kn: tensor<2x1x8xf32>, %v: tensor<2x6x8xf32>) -> tensor<4x1x8xf32> {
  %0 = stablehlo.concatenate %k, %kn, dim = 1 : (tensor<2x5x8xf32>, tensor<2x1x8xf32>) -> tensor<2x6x8xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [0, 2, 3] : (tensor<2x6x8xf32>) -> tensor<2x2x6x8xf32>
  %2 = stablehlo.reshape %1 : (tensor<2x2x6x8xf32>) -> tensor<4x6x8xf32>
  %3 = stablehlo.broadcast_in_dim %v, dims = [0, 2, 3] : (tensor<2x6x8xf32>) -> tensor<2x2x6x8xf32>
  %4 = stablehlo.reshape %3 : (tensor<2x2x6x8xf32>) -> tensor<4x6x8xf32>
  %5 = stablehlo.dot_general %q, %2, batching_dims = [0] x [0], contracting_dims = [2] x [2] : (tensor<4x1x8xf32>, tensor<4x6x8xf32>) -> tensor<4x1x6xf32>
  %6 = nn.softmax %5 {dimension = 2 : i64} : (tensor<4x1x6xf32>) -> tensor<4x1x6xf32>
  %7 = stablehlo.dot_general %6, %4, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<4x1x6xf32>, tensor<4x6x8xf32>) -> tensor<4x1x8xf32>
  return %7 : tensor<4x1x8xf32>
}

// Heads in the middle: the result's dimensions come as they are wanted.
// CHECK-LABEL: func.func @heads_in_the_middle
// CHECK: [[A:%.+]] = nn.attention {{.*}} {key_parts = 1 : i64, order = array<i64: 1, 0, 2>, scale = 1.000000e+00 : f64, value_parts = 1 : i64} : {{.*}} -> tensor<5x2x3xf32>
// CHECK-NEXT: [[R:%.+]] = stablehlo.reshape [[A]] : (tensor<5x2x3xf32>) -> tensor<5x6xf32>
// CHECK-NEXT: return [[R]]
func.func @heads_in_the_middle(%q: tensor<5x2x8xf32>, %k: tensor<6x2x8xf32>, %v: tensor<6x2x3xf32>) -> tensor<5x6xf32> {
  %0 = stablehlo.dot_general %q, %k, batching_dims = [1] x [1], contracting_dims = [2] x [2] : (tensor<5x2x8xf32>, tensor<6x2x8xf32>) -> tensor<2x5x6xf32>
  %1 = nn.softmax %0 {dimension = 2 : i64} : (tensor<2x5x6xf32>) -> tensor<2x5x6xf32>
  %2 = stablehlo.dot_general %1, %v, batching_dims = [0] x [1], contracting_dims = [2] x [0] : (tensor<2x5x6xf32>, tensor<6x2x3xf32>) -> tensor<2x5x3xf32>
  %3 = stablehlo.transpose %2, dims = [1, 0, 2] : (tensor<2x5x3xf32>) -> tensor<5x2x3xf32>
  %4 = stablehlo.reshape %3 : (tensor<5x2x3xf32>) -> tensor<5x6xf32>
  return %4 : tensor<5x6xf32>
}

// Queries in groups, as `einsum` has them, whose scores are transposed, and shares that are made zero where they are NaN.
// CHECK-LABEL: func.func @groups
// CHECK-DAG: [[Q:%.+]] = stablehlo.transpose %arg0, dims = [1, 2, 0, 3] : (tensor<5x2x3x8xf32>) -> tensor<2x3x5x8xf32>
// CHECK-DAG: [[KT:%.+]] = stablehlo.transpose %arg1, dims = [1, 0, 2] : (tensor<6x2x8xf32>) -> tensor<2x6x8xf32>
// CHECK-DAG: [[K:%.+]] = stablehlo.reshape [[KT]] : (tensor<2x6x8xf32>) -> tensor<2x1x6x8xf32>
// CHECK: [[A:%.+]] = nn.attention [[Q]], [[K]], [[K]] {key_parts = 1 : i64, scale = 1.000000e+00 : f64, shares = {{\[\["replace_nan", 0.000000e\+00\]\]}}, value_parts = 1 : i64}
// CHECK: [[R:%.+]] = stablehlo.transpose [[A]], dims = [0, 3, 1, 2] : (tensor<2x3x5x8xf32>) -> tensor<2x8x3x5xf32>
// CHECK: return [[R]]
func.func @groups(%q: tensor<5x2x3x8xf32>, %k: tensor<6x2x8xf32>) -> tensor<2x8x3x5xf32> {
  %0 = stablehlo.dot_general %k, %q, batching_dims = [1] x [1], contracting_dims = [2] x [3] : (tensor<6x2x8xf32>, tensor<5x2x3x8xf32>) -> tensor<2x6x5x3xf32>
  %1 = stablehlo.transpose %0, dims = [0, 3, 2, 1] : (tensor<2x6x5x3xf32>) -> tensor<2x3x5x6xf32>
  %2 = nn.softmax %1 {dimension = 3 : i64} : (tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %3 = stablehlo.compare NE, %2, %2, FLOAT : (tensor<2x3x5x6xf32>, tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xi1>
  %zero = stablehlo.constant dense<0.0> : tensor<2x3x5x6xf32>
  %4 = stablehlo.select %3, %zero, %2 : tensor<2x3x5x6xi1>, tensor<2x3x5x6xf32>
  %5 = stablehlo.dot_general %k, %4, batching_dims = [1] x [0], contracting_dims = [0] x [3] : (tensor<6x2x8xf32>, tensor<2x3x5x6xf32>) -> tensor<2x8x3x5xf32>
  return %5 : tensor<2x8x3x5xf32>
}

// A number that is not one, a sum along what is not the softmax's dimension, a product that keys are multiplied with, and
// shares that something else reads, are other things.
// CHECK-LABEL: func.func @not_attention
// CHECK-NOT: nn.attention
// CHECK: return
func.func @not_attention(%q: tensor<6x8xf32>, %v: tensor<6x3xf32>, %n: tensor<6x6xi1>) -> (tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x6xf32>) {
  %nan = stablehlo.constant dense<0x7FC00000> : tensor<6x6xf32>
  %0 = stablehlo.dot_general %q, %q, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %1 = stablehlo.select %n, %0, %nan : tensor<6x6xi1>, tensor<6x6xf32>
  %2 = nn.softmax %1 {dimension = 1 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %3 = stablehlo.dot_general %2, %v, contracting_dims = [1] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
  %4 = stablehlo.dot_general %q, %q, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %5 = nn.softmax %4 {dimension = 0 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %6 = stablehlo.dot_general %5, %v, contracting_dims = [1] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
  %7 = stablehlo.dot_general %q, %q, batching_dims = [0] x [0], contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6xf32>
  %8 = nn.softmax %7 {dimension = 0 : i64} : (tensor<6xf32>) -> tensor<6xf32>
  %9 = stablehlo.dot_general %8, %v, contracting_dims = [0] x [0] : (tensor<6xf32>, tensor<6x3xf32>) -> tensor<3xf32>
  %10 = stablehlo.broadcast_in_dim %9, dims = [1] : (tensor<3xf32>) -> tensor<6x3xf32>
  %11 = stablehlo.dot_general %q, %q, contracting_dims = [1] x [1] : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x6xf32>
  %12 = nn.softmax %11 {dimension = 1 : i64} : (tensor<6x6xf32>) -> tensor<6x6xf32>
  %13 = stablehlo.dot_general %12, %v, contracting_dims = [1] x [0] : (tensor<6x6xf32>, tensor<6x3xf32>) -> tensor<6x3xf32>
  return %3, %6, %10, %13, %12 : tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<6x6xf32>
}

// Heads that are put together for the product, and taken apart for a mask of halves; scores are bounded and shares
// changed, each row has one more score, and rows that are masked as a whole have no shares.
// CHECK-LABEL: func.func @together
// CHECK-DAG: [[Q:%.+]] = stablehlo.reshape %arg0 : (tensor<6x5x8xbf16>) -> tensor<2x3x5x8xbf16>
// CHECK-DAG: [[K:%.+]] = stablehlo.reshape %arg1 : (tensor<6x4x8xbf16>) -> tensor<2x3x4x8xbf16>
// CHECK-DAG: [[S:%.+]] = stablehlo.reshape %arg4 : (tensor<3xf32>) -> tensor<1x3x1x1xf32>
// CHECK-DAG: [[M:%.+]] = stablehlo.reshape %arg2 : (tensor<2x4xbf16>) -> tensor<2x1x1x4xbf16>
// CHECK-DAG: [[H:%.+]] = stablehlo.reshape %arg3 : (tensor<3xf32>) -> tensor<1x3x1x1xf32>
// CHECK: [[A:%.+]] = nn.attention [[Q]], [[K]], [[K]], [[M]], [[H]], [[S]] {has_sink = true, key_parts = 1 : i64, scale = 2.500000e-01 : f64, scores = {{\[\["tanh"\], \["multiply", 3.000000e\+00\], \["add"\]\]}}, shares = {{\[\["multiply"\]\]}}, value_parts = 1 : i64}
// CHECK: [[R:%.+]] = stablehlo.reshape [[A]] : (tensor<2x3x5x8xbf16>) -> tensor<6x5x8xbf16>
// CHECK: return [[R]]
func.func @together(%q: tensor<6x5x8xbf16>, %k: tensor<6x4x8xbf16>, %mask: tensor<2x4xbf16>, %heads: tensor<3xf32>, %sink: tensor<3xf32>) -> tensor<6x5x8xbf16> {
  %0 = stablehlo.dot_general %q, %k, batching_dims = [0] x [0], contracting_dims = [2] x [2] : (tensor<6x5x8xbf16>, tensor<6x4x8xbf16>) -> tensor<6x5x4xbf16>
  %four = stablehlo.constant dense<4.0> : tensor<6x5x4xbf16>
  %1 = stablehlo.divide %0, %four : tensor<6x5x4xbf16>
  %2 = stablehlo.tanh %1 : tensor<6x5x4xbf16>
  %three = stablehlo.constant dense<3.0> : tensor<6x5x4xbf16>
  %3 = stablehlo.multiply %2, %three : tensor<6x5x4xbf16>
  %4 = stablehlo.reshape %3 : (tensor<6x5x4xbf16>) -> tensor<2x3x5x4xbf16>
  %5 = stablehlo.broadcast_in_dim %mask, dims = [0, 3] : (tensor<2x4xbf16>) -> tensor<2x3x5x4xbf16>
  %6 = stablehlo.add %5, %4 : tensor<2x3x5x4xbf16>
  %7 = stablehlo.convert %6 : (tensor<2x3x5x4xbf16>) -> tensor<2x3x5x4xf32>
  %8 = stablehlo.broadcast_in_dim %sink, dims = [1] : (tensor<3xf32>) -> tensor<2x3x5x1xf32>
  %9 = stablehlo.concatenate %7, %8, dim = 3 : (tensor<2x3x5x4xf32>, tensor<2x3x5x1xf32>) -> tensor<2x3x5x5xf32>
  %10 = nn.softmax %9 {dimension = 3 : i64} : (tensor<2x3x5x5xf32>) -> tensor<2x3x5x5xf32>
  %11 = stablehlo.slice %10 [0:2, 0:3, 0:5, 0:4] : (tensor<2x3x5x5xf32>) -> tensor<2x3x5x4xf32>
  %12 = stablehlo.broadcast_in_dim %heads, dims = [1] : (tensor<3xf32>) -> tensor<2x3x5x4xf32>
  %13 = stablehlo.multiply %11, %12 : tensor<2x3x5x4xf32>
  %14 = stablehlo.convert %13 : (tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xbf16>
  %15 = stablehlo.reshape %14 : (tensor<2x3x5x4xbf16>) -> tensor<6x5x4xbf16>
  %16 = stablehlo.dot_general %15, %k, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<6x5x4xbf16>, tensor<6x4x8xbf16>) -> tensor<6x5x8xbf16>
  return %16 : tensor<6x5x8xbf16>
}
