// RUN: tfrt-opt -p stablehlo-unroll %s | filecheck %s

// As JAX's random bits: two lists take turns, and arrays go on.
// CHECK-LABEL: func.func @turns
// CHECK-NOT: stablehlo.while
// CHECK: stablehlo.slice %arg1 [0:1]
// CHECK: stablehlo.shift_left
// CHECK: stablehlo.slice %arg2 [0:1]
// CHECK: stablehlo.shift_left
// CHECK: %[[LAST:.*]] = stablehlo.shift_left
// CHECK-NOT: stablehlo.shift_left
// CHECK: return %[[LAST]], %arg1
func.func @turns(%x: tensor<64x64xui32>, %a: tensor<4xui32>, %b: tensor<4xui32>) -> (tensor<64x64xui32>, tensor<4xui32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %limit = stablehlo.constant dense<3> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %0:4 = stablehlo.while(%i = %zero, %y = %x, %now = %a, %next = %b) : tensor<i32>, tensor<64x64xui32>, tensor<4xui32>, tensor<4xui32>
  cond {
    %1 = stablehlo.compare LT, %i, %limit, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %1 = stablehlo.slice %now [0:1] : (tensor<4xui32>) -> tensor<1xui32>
    %2 = stablehlo.reshape %1 : (tensor<1xui32>) -> tensor<ui32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<ui32>) -> tensor<64x64xui32>
    %4 = stablehlo.shift_left %y, %3 : tensor<64x64xui32>
    %5 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %5, %4, %next, %now : tensor<i32>, tensor<64x64xui32>, tensor<4xui32>, tensor<4xui32>
  }
  return %0#1, %0#3 : tensor<64x64xui32>, tensor<4xui32>
}

// Left alone is what runs too often, is about little, or does more than elementwise ops.
// CHECK-LABEL: func.func @others
// CHECK: stablehlo.while
// CHECK: stablehlo.while
// CHECK: stablehlo.while
// CHECK-NOT: stablehlo.while
func.func @others(%x: tensor<64x64xf32>, %v: tensor<8xf32>) -> (tensor<64x64xf32>, tensor<8xf32>, tensor<64x64xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %often = stablehlo.constant dense<1000> : tensor<i32>
  %limit = stablehlo.constant dense<3> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %0:2 = stablehlo.while(%i = %zero, %y = %x) : tensor<i32>, tensor<64x64xf32>
  cond {
    %1 = stablehlo.compare LT, %i, %often, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %1 = stablehlo.sine %y : tensor<64x64xf32>
    %2 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %2, %1 : tensor<i32>, tensor<64x64xf32>
  }
  %3:2 = stablehlo.while(%i = %zero, %y = %v) : tensor<i32>, tensor<8xf32>
  cond {
    %1 = stablehlo.compare LT, %i, %limit, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %1 = stablehlo.sine %y : tensor<8xf32>
    %2 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %2, %1 : tensor<i32>, tensor<8xf32>
  }
  %4:2 = stablehlo.while(%i = %zero, %y = %x) : tensor<i32>, tensor<64x64xf32>
  cond {
    %1 = stablehlo.compare LT, %i, %limit, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %1 : tensor<i1>
  } do {
    %1 = stablehlo.dot_general %y, %y, contracting_dims = [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %2 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %2, %1 : tensor<i32>, tensor<64x64xf32>
  }
  return %0#1, %3#1, %4#1 : tensor<64x64xf32>, tensor<8xf32>, tensor<64x64xf32>
}

// A token has no sizes.
// CHECK-LABEL: func.func @with_a_token
// CHECK: stablehlo.while
func.func @with_a_token(%x: tensor<2xf32>, %token: !stablehlo.token) -> (tensor<2xf32>, !stablehlo.token) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %two = stablehlo.constant dense<2> : tensor<i32>
  %0:3 = stablehlo.while(%t = %token, %i = %zero, %v = %x) : !stablehlo.token, tensor<i32>, tensor<2xf32>
  cond {
    %more = stablehlo.compare LT, %i, %two : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %next = stablehlo.add %i, %one : tensor<i32>
    %w = stablehlo.add %v, %v : tensor<2xf32>
    stablehlo.return %t, %next, %w : !stablehlo.token, tensor<i32>, tensor<2xf32>
  }
  return %0#2, %0#0 : tensor<2xf32>, !stablehlo.token
}
