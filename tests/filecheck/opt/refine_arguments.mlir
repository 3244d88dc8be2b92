// RUN: tfrt-opt -p 'refine-arguments{shapes="x=2x?","main.1=5xf32","n=i32"}' %s | filecheck %s

// Arguments get what is said of them, and what uses them is given what it was given before.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%arg0: tensor<2x?xf32>, %arg1: tensor<5xf32>, %arg2: tensor<i32> {tf._user_specified_name = "n"}) -> tensor<?x3xf32>
// CHECK: %[[Y:.*]] = builtin.unrealized_conversion_cast %arg1 : tensor<5xf32> to tensor<*xf32>
// CHECK: %[[X:.*]] = builtin.unrealized_conversion_cast %arg0 : tensor<2x?xf32> to tensor<?x?xf32>
// CHECK: "tf.A"(%[[X]], %[[Y]], %arg2)
func.func @main(%x: tensor<?x?xf32>, %arg1: tensor<*xf32>, %arg2: tensor<i32> {tf._user_specified_name = "n"}) -> tensor<?x3xf32> {
  %0 = "tf.A"(%x, %arg1, %arg2) : (tensor<?x?xf32>, tensor<*xf32>, tensor<i32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// Private functions are not asked.
// CHECK-LABEL: func.func private @helper
// CHECK-SAME: (%arg0: tensor<?x?xf32>)
func.func private @helper(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  return %x : tensor<?x?xf32>
}
