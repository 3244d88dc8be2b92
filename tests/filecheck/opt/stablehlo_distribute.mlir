// RUN: tfrt-opt -p stablehlo-distribute,stablehlo-canonicalize %s | filecheck %s

// The product of all rows and its bias stand before the loop, what is added to that stays.
// CHECK-LABEL: func.func @inputs
// CHECK: %[[P:.*]] = stablehlo.dot_general %arg0, %arg1, contracting_dims = [2] x [0] {{.*}} -> tensor<5x2x4xf32>
// CHECK: %[[B:.*]] = stablehlo.broadcast_in_dim %arg2, dims = [2] : (tensor<4xf32>) -> tensor<5x2x4xf32>
// CHECK: %[[S:.*]] = stablehlo.add %[[P]], %[[B]] : tensor<5x2x4xf32>
// CHECK: stablehlo.while
// CHECK: } do {
// CHECK-NOT: dot_general
// CHECK: stablehlo.dynamic_slice %[[S]], %{{.*}} sizes = [1, 2, 4]
// CHECK-NEXT: %[[X:.*]] = stablehlo.reshape
// CHECK-NOT: dot_general
// CHECK: stablehlo.add %{{.*}}, %[[X]] : tensor<2x4xf32>
func.func @inputs(%xs: tensor<5x2x3xf32>, %w: tensor<3x4xf32>, %b: tensor<4xf32>) -> tensor<2x4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %h0 = stablehlo.constant dense<0.0> : tensor<2x4xf32>
  %r:2 = stablehlo.while(%i = %zero, %h = %h0) : tensor<i32>, tensor<2x4xf32>
   cond {
    %all = stablehlo.constant dense<5> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %none = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %part = stablehlo.dynamic_slice %xs, %i, %none, %none, sizes = [1, 2, 3]
      : (tensor<5x2x3xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x2x3xf32>
    %x = stablehlo.reshape %part : (tensor<1x2x3xf32>) -> tensor<2x3xf32>
    %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
    %wide = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<4xf32>) -> tensor<2x4xf32>
    %q = stablehlo.add %p, %wide : tensor<2x4xf32>
    %s = stablehlo.add %h, %q : tensor<2x4xf32>
    %n = stablehlo.tanh %s : tensor<2x4xf32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %n : tensor<i32>, tensor<2x4xf32>
  }
  return %r#1 : tensor<2x4xf32>
}

// Where a loop ends earlier, or the matrix changes, the product stays; so do elementwise ops alone.
// CHECK-LABEL: func.func @stays
// CHECK-NOT: dot_general
// CHECK: } do {
// CHECK: dot_general
// CHECK: stablehlo.while
// CHECK-NOT: dot_general
// CHECK: } do {
// CHECK: dot_general
// CHECK: stablehlo.while
// CHECK-NOT: exponential
// CHECK: } do {
// CHECK: stablehlo.exponential
func.func @stays(%xs: tensor<5x2x3xf32>, %w: tensor<3x3xf32>) -> (tensor<2x3xf32>, tensor<3x3xf32>, tensor<2x3xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %h0 = stablehlo.constant dense<0.0> : tensor<2x3xf32>
  %early:2 = stablehlo.while(%i = %zero, %h = %h0) : tensor<i32>, tensor<2x3xf32>
   cond {
    %all = stablehlo.constant dense<4> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %none = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %part = stablehlo.dynamic_slice %xs, %i, %none, %none, sizes = [1, 2, 3]
      : (tensor<5x2x3xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x2x3xf32>
    %x = stablehlo.reshape %part : (tensor<1x2x3xf32>) -> tensor<2x3xf32>
    %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
    %n = stablehlo.add %h, %p : tensor<2x3xf32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %n : tensor<i32>, tensor<2x3xf32>
  }
  %changes:3 = stablehlo.while(%i = %zero, %h = %h0, %v = %w) : tensor<i32>, tensor<2x3xf32>, tensor<3x3xf32>
   cond {
    %all = stablehlo.constant dense<5> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %none = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %part = stablehlo.dynamic_slice %xs, %i, %none, %none, sizes = [1, 2, 3]
      : (tensor<5x2x3xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x2x3xf32>
    %x = stablehlo.reshape %part : (tensor<1x2x3xf32>) -> tensor<2x3xf32>
    %p = stablehlo.dot_general %x, %v, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
    %n = stablehlo.add %h, %p : tensor<2x3xf32>
    %u = stablehlo.tanh %v : tensor<3x3xf32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %n, %u : tensor<i32>, tensor<2x3xf32>, tensor<3x3xf32>
  }
  %alone:2 = stablehlo.while(%i = %zero, %h = %h0) : tensor<i32>, tensor<2x3xf32>
   cond {
    %all = stablehlo.constant dense<5> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %none = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %part = stablehlo.dynamic_slice %xs, %i, %none, %none, sizes = [1, 2, 3]
      : (tensor<5x2x3xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x2x3xf32>
    %x = stablehlo.reshape %part : (tensor<1x2x3xf32>) -> tensor<2x3xf32>
    %e = stablehlo.exponential %x : tensor<2x3xf32>
    %n = stablehlo.add %h, %e : tensor<2x3xf32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %n : tensor<i32>, tensor<2x3xf32>
  }
  return %early#1, %changes#2, %alone#1 : tensor<2x3xf32>, tensor<3x3xf32>, tensor<2x3xf32>
}
