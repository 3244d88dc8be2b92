// RUN: tfrt-opt -p stablehlo-hoist,stablehlo-canonicalize %s | filecheck %s

// The weights and what nobody reads leave the state, what depends on weights alone leaves the loop.
// CHECK-LABEL: func.func @main
// CHECK: %[[W:.*]] = stablehlo.tanh %arg1
// CHECK: stablehlo.while(%[[I:.*]] = %{{.*}}, %[[X:.*]] = %arg0) : tensor<i32>, tensor<4xf32> cond {
// CHECK: } do {
// CHECK-NOT: tanh
// CHECK: stablehlo.multiply %[[X]], %[[W]]
// CHECK-NOT: exponential
// CHECK: return %{{.*}}#1, %arg1
func.func @main(%x: tensor<4xf32>, %w: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:4 = stablehlo.while(%i = %zero, %a = %x, %b = %w, %unread = %x) : tensor<i32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
   cond {
    %ten = stablehlo.constant dense<10> : tensor<i32>
    %more = stablehlo.compare LT, %i, %ten : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %t = stablehlo.tanh %b : tensor<4xf32>
    %n = stablehlo.multiply %a, %t : tensor<4xf32>
    %u = stablehlo.exponential %unread : tensor<4xf32>
    stablehlo.return %j, %n, %b, %u : tensor<i32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
  return %r#1, %r#2 : tensor<4xf32>, tensor<4xf32>
}

// What may fail leaves loops that certainly run; what nobody knows of TensorFlow's may fail, elementwise ops may not.
// CHECK-LABEL: func.func @runs
// CHECK: "tf.Reshape"
// CHECK: stablehlo.while
// CHECK-LABEL: func.func @may_run
// CHECK-NOT: Reshape
// CHECK: "tf.Tanh"
// CHECK: stablehlo.while
// CHECK: } do {
// CHECK: "tf.Reshape"
func.func @runs(%x: tensor<4xf32>, %size: tensor<1xi32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %ten = stablehlo.constant dense<10> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, tensor<4xf32>
   cond {
    %more = stablehlo.compare LT, %i, %ten : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %t = "tf.Reshape"(%x, %size) : (tensor<4xf32>, tensor<1xi32>) -> tensor<4xf32>
    %n = stablehlo.multiply %a, %t : tensor<4xf32>
    stablehlo.return %j, %n : tensor<i32>, tensor<4xf32>
  }
  return %r#1 : tensor<4xf32>
}
func.func @may_run(%x: tensor<4xf32>, %size: tensor<1xi32>, %most: tensor<i32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, tensor<4xf32>
   cond {
    %more = stablehlo.compare LT, %i, %most : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %h = "tf.Tanh"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %t = "tf.Reshape"(%h, %size) : (tensor<4xf32>, tensor<1xi32>) -> tensor<4xf32>
    %n = stablehlo.multiply %a, %t : tensor<4xf32>
    stablehlo.return %j, %n : tensor<i32>, tensor<4xf32>
  }
  return %r#1 : tensor<4xf32>
}
