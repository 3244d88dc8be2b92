// RUN: tfrt-opt -p lower-stablehlo --split-input-file %s | filecheck %s

// A branch is a function that takes what it uses; the index is a number. What a public function gives is its own.
// CHECK-LABEL: func.func @branch
// CHECK: [[I:%.+]] = cpu.item %arg0 : (memref<i32>) -> i32
// CHECK: [[R:%.+]] = tfrt.case [[I]] [@branch.case0, @branch.case1](%arg1) : (memref<4xf32>) -> (memref<4xf32>)
// CHECK: [[O:%.+]] = cpu.own [[R]]
// CHECK: tfrt.return [[O]]
// CHECK-LABEL: func.func private @branch.case0(%arg0: memref<4xf32>) -> memref<4xf32>
// CHECK: cpu.elementwise %arg0 {{.*}}"stablehlo.tanh"
// CHECK-LABEL: func.func private @branch.case1(%arg0: memref<4xf32>) -> memref<4xf32>
// CHECK-NEXT: tfrt.return %arg0
func.func @branch(%i: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %r = "stablehlo.case"(%i) ({
    %y = stablehlo.tanh %x : tensor<4xf32>
    stablehlo.return %y : tensor<4xf32>
  }, {
    stablehlo.return %x : tensor<4xf32>
  }) : (tensor<i32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// A loop that does not count asks its condition here and in its body; a constant is made where it is used.
// CHECK-LABEL: func.func @search
// CHECK: [[C:%.+]] = cpu.item
// CHECK: tfrt.while [[C]] @search.body(%arg0) parallel_iterations(1) : (memref<f32>) -> (memref<f32>)
// CHECK-LABEL: func.func private @search.body(%arg0: memref<f32>) -> (memref<f32>, i1)
// CHECK: cpu.constant
// CHECK: cpu.item
func.func @search(%x: tensor<f32>) -> tensor<f32> {
  %ten = stablehlo.constant dense<10.0> : tensor<f32>
  %r = stablehlo.while(%a = %x) : tensor<f32> cond {
    %more = stablehlo.compare LT, %a, %ten : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %b = stablehlo.multiply %a, %a : tensor<f32>
    stablehlo.return %b : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

// A body that is one op is its name; another one is its steps, and what it uses of the values around it is one more input.
// CHECK-LABEL: func.func @reduced
// CHECK: cpu.call %arg0, %{{.*}} {{.*}}["body", "stablehlo.add"]{{.*}}op_name = "stablehlo.reduce"
// CHECK: cpu.call %arg0, %{{.*}}, %arg1 {{.*}}["body", [3, {{\[\[}}"stablehlo.add", [0, 1], [], [f32]], ["stablehlo.minimum", [3, 2], [], [f32]]], [4]]]
func.func @reduced(%x: tensor<4xf32>, %limit: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  %1 = stablehlo.reduce(%x init: %zero) across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
   reducer(%a: tensor<f32>, %b: tensor<f32>) {
    %s = stablehlo.add %a, %b : tensor<f32>
    %t = stablehlo.minimum %s, %limit : tensor<f32>
    stablehlo.return %t : tensor<f32>
  }
  return %0, %1 : tensor<f32>, tensor<f32>
}

// -----

// What has effects is in order; what a function gives comes after it.
// CHECK-LABEL: func.func @checked
// CHECK: [[CH:%.+]] = tfrt.new.chain
// CHECK: [[DONE:%.+]] = cpu.call_in_order [[CH]], %arg0, %arg0 {{.*}}op_name = "check.expect_eq"
// CHECK: [[R:%.+]] = cpu.after [[DONE]], %arg0
// CHECK: cpu.own [[R]]
func.func @checked(%x: tensor<4xf32>) -> tensor<4xf32> {
  check.expect_eq %x, %x : tensor<4xf32>
  return %x : tensor<4xf32>
}

// -----

// Of arrays whose rank is not known an op finds out when they come.
// CHECK-LABEL: func.func @unranked
// CHECK: cpu.execute %arg0, %arg0 {metadata = {{\[\[}}f32, "*"]], {{.*}}op_name = "tf.AddV2"} : (memref<*xf32>, memref<*xf32>) -> memref<*xf32>
func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  %y = "tf.AddV2"(%x, %x) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
