// RUN: tfrt-opt -p refine-shapes %s | filecheck %s

// A shape that is computed becomes a constant, and what computes it goes away.
// CHECK-LABEL: func.func @reshaped
// CHECK-SAME: -> tensor<2x12xf32>
// CHECK-NEXT: %[[SHAPE:.*]] = stablehlo.constant dense<[2, -1]> : tensor<2xi32>
// CHECK-NEXT: %[[R:.*]] = "tf.Reshape"(%arg0, %[[SHAPE]]) : (tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<2x12xf32>
// CHECK-NEXT: return %[[R]]
func.func @reshaped(%x: tensor<2x3x4xf32>) -> tensor<?x?xf32> {
  %rest = stablehlo.constant dense<-1> : tensor<i32>
  %zero = stablehlo.constant dense<0> : tensor<1xi32>
  %one = stablehlo.constant dense<1> : tensor<1xi32>
  %shape = "tf.Shape"(%x) {out_type = i32} : (tensor<2x3x4xf32>) -> tensor<?xi32>
  %batch = "tf.StridedSlice"(%shape, %zero, %one, %one) {begin_mask = 0 : i64, ellipsis_mask = 0 : i64, end_mask = 0 : i64, new_axis_mask = 0 : i64, shrink_axis_mask = 1 : i64} : (tensor<?xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<*xi32>
  %packed = "tf.Pack"(%batch, %rest) {axis = 0 : i64} : (tensor<*xi32>, tensor<i32>) -> tensor<2xi32>
  %0 = "tf.Reshape"(%x, %packed) : (tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// What depends on elements stays unknown, and what does not fit is left to fail.
// CHECK-LABEL: func.func @unknown
// CHECK: "tf.Where"(%arg0) : (tensor<4xi1>) -> tensor<?x1xi64>
// CHECK: "tf.Reshape"(%arg0, %arg1) : (tensor<4xi1>, tensor<2xi32>) -> tensor<?x?xi1>
// CHECK: "tf.MatMul"(%arg2, %arg2) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<?x?xf32>
func.func @unknown(%x: tensor<4xi1>, %shape: tensor<2xi32>, %m: tensor<2x3xf32>) -> (tensor<?x1xi64>, tensor<?x?xi1>, tensor<?x?xf32>) {
  %0 = "tf.Where"(%x) : (tensor<4xi1>) -> tensor<?x1xi64>
  %1 = "tf.Reshape"(%x, %shape) : (tensor<4xi1>, tensor<2xi32>) -> tensor<?x?xi1>
  %2 = "tf.MatMul"(%m, %m) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<?x?xf32>
  return %0, %1, %2 : tensor<?x1xi64>, tensor<?x?xi1>, tensor<?x?xf32>
}

// A function is there once for each kind of arguments, constants among them.
// CHECK-LABEL: func.func @calls
// CHECK: call @sized(%{{.*}}, %arg0) : (tensor<i32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK: call @sized(%{{.*}}, %arg0)
// CHECK: call @sized.1(%{{.*}}, %arg1) : (tensor<i32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK: func.func private @sized.1(%arg0: tensor<i32>, %arg1: tensor<3xf32>) -> tensor<3xf32>
// CHECK: func.func private @sized(%arg0: tensor<i32>, %arg1: tensor<2xf32>) -> tensor<2xf32>
func.func @calls(%x: tensor<2xf32>, %y: tensor<3xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %two = stablehlo.constant dense<2> : tensor<i32>
  %three = stablehlo.constant dense<3> : tensor<i32>
  %u = "builtin.unrealized_conversion_cast"(%x) : (tensor<2xf32>) -> tensor<?xf32>
  %v = "builtin.unrealized_conversion_cast"(%y) : (tensor<3xf32>) -> tensor<?xf32>
  %0 = call @sized(%two, %u) : (tensor<i32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = call @sized(%two, %u) : (tensor<i32>, tensor<?xf32>) -> tensor<?xf32>
  %2 = call @sized(%three, %v) : (tensor<i32>, tensor<?xf32>) -> tensor<?xf32>
  return %0, %1, %2 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
func.func private @sized(%n: tensor<i32>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %shape = stablehlo.reshape %n : (tensor<i32>) -> tensor<1xi32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %zeros = stablehlo.dynamic_broadcast_in_dim %zero, %shape, dims = [] : (tensor<f32>, tensor<1xi32>) -> tensor<?xf32>
  %0 = stablehlo.maximum %x, %zeros : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// What is only called once keeps its name; a branch that a shape decides is gone.
// CHECK-LABEL: func.func @branches
// CHECK-SAME: -> tensor<4xf32>
// CHECK-NOT: stablehlo.if
// CHECK: call @flat(%arg0) : (tensor<2x2xf32>) -> tensor<4xf32>
// CHECK: func.func private @flat(%arg0: tensor<2x2xf32>) -> tensor<4xf32>
func.func @branches(%x: tensor<2x2xf32>) -> tensor<*xf32> {
  %two = stablehlo.constant dense<2> : tensor<i32>
  %u = "builtin.unrealized_conversion_cast"(%x) : (tensor<2x2xf32>) -> tensor<*xf32>
  %rank = "tf.Rank"(%u) : (tensor<*xf32>) -> tensor<i32>
  %is_matrix = stablehlo.compare EQ, %rank, %two : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %0 = "stablehlo.if"(%is_matrix) ({
    %1 = func.call @flat(%u) : (tensor<*xf32>) -> tensor<*xf32>
    stablehlo.return %1 : tensor<*xf32>
  }, {
    stablehlo.return %u : tensor<*xf32>
  }) : (tensor<i1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
func.func private @flat(%x: tensor<*xf32>) -> tensor<*xf32> {
  %all = stablehlo.constant dense<-1> : tensor<1xi32>
  %0 = "tf.Reshape"(%x, %all) : (tensor<*xf32>, tensor<1xi32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A loop whose state keeps its shape knows it; one that grows does not.
// CHECK-LABEL: func.func @loops
// CHECK-SAME: -> (tensor<2x3xf32>, tensor<?x?xf32>)
// CHECK: %[[GROWS:.*]] = builtin.unrealized_conversion_cast %arg0
// CHECK: stablehlo.while(%{{.*}} = %{{.*}}, %{{.*}} = %arg0, %{{.*}} = %[[GROWS]]) : tensor<i32>, tensor<2x3xf32>, tensor<?x?xf32> cond {
// CHECK: "tf.Tanh"(%{{.*}}) : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: "tf.ConcatV2"(%{{.*}}) : (tensor<?x?xf32>, tensor<2x3xf32>, tensor<i32>) -> tensor<?x?xf32>
func.func @loops(%x: tensor<2x3xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %u = "builtin.unrealized_conversion_cast"(%x) : (tensor<2x3xf32>) -> tensor<?x?xf32>
  %r:3 = "stablehlo.while"(%zero, %u, %u) ({
  ^bb0(%i: tensor<i32>, %a: tensor<?x?xf32>, %b: tensor<?x?xf32>):
    %ten = stablehlo.constant dense<10> : tensor<i32>
    %more = stablehlo.compare LT, %i, %ten : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  }, {
  ^bb0(%i: tensor<i32>, %a: tensor<?x?xf32>, %b: tensor<?x?xf32>):
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %t = "tf.Tanh"(%a) : (tensor<?x?xf32>) -> tensor<?x?xf32>
    %axis = stablehlo.constant dense<0> : tensor<i32>
    %g = "tf.ConcatV2"(%b, %t, %axis) : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<i32>) -> tensor<?x?xf32>
    stablehlo.return %j, %t, %g : tensor<i32>, tensor<?x?xf32>, tensor<?x?xf32>
  }) : (tensor<i32>, tensor<?x?xf32>, tensor<?x?xf32>) -> (tensor<i32>, tensor<?x?xf32>, tensor<?x?xf32>)
  return %r#1, %r#2 : tensor<?x?xf32>, tensor<?x?xf32>
}

// A shape that is an operand is the result's, whatever is known of other operands, and so it is for custom calls.
// CHECK-LABEL: func.func @operands_that_are_shapes
// CHECK: "tf.Reshape"(%arg0, %{{.*}}) : (tensor<*xf32>, tensor<2xi32>) -> tensor<2x?xf32>
// CHECK: stablehlo.dynamic_reshape %arg1, %{{.*}} : (tensor<?xf32>, tensor<2xi32>) -> tensor<2x3xf32>
// CHECK: stablehlo.custom_call @target(%arg1, %{{.*}}) {indices_of_shape_operands = dense<1> : tensor<1xi64>} : (tensor<?xf32>, tensor<2xi32>) -> tensor<2x3xf32>
func.func @operands_that_are_shapes(%x: tensor<*xf32>, %y: tensor<?xf32>) -> (tensor<*xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  %rest = stablehlo.constant dense<[2, -1]> : tensor<2xi32>
  %shape = stablehlo.constant dense<[2, 3]> : tensor<2xi32>
  %0 = "tf.Reshape"(%x, %rest) : (tensor<*xf32>, tensor<2xi32>) -> tensor<*xf32>
  %1 = stablehlo.dynamic_reshape %y, %shape : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  %2 = stablehlo.custom_call @target(%y, %shape) {indices_of_shape_operands = dense<1> : tensor<1xi64>} : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  return %0, %1, %2 : tensor<*xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}
