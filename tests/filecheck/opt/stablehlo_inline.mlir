// RUN: tfrt-opt -p stablehlo-inline %s | filecheck %s

// Small functions and those that are called once, in regions, too.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%arg0: tensor<4xf32>, %arg1: tensor<i1>)
// CHECK-NEXT: %0 = stablehlo.tanh %arg0 : tensor<4xf32>
// CHECK-NEXT: %1 = "stablehlo.if"(%arg1) ({
// CHECK-NEXT:   %3 = stablehlo.tanh %0 : tensor<4xf32>
// CHECK-NEXT:   stablehlo.return %3
// CHECK: stablehlo.return %arg0
// CHECK: %2 = stablehlo.negate %1
// CHECK-NEXT: return %2
func.func @main(%x: tensor<4xf32>, %p: tensor<i1>) -> tensor<4xf32> {
  %a = call @small(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %b = "stablehlo.if"(%p) ({
    %c = func.call @small(%a) : (tensor<4xf32>) -> tensor<4xf32>
    stablehlo.return %c : tensor<4xf32>
  }, {
    stablehlo.return %x : tensor<4xf32>
  }) : (tensor<i1>) -> tensor<4xf32>
  %d = stablehlo.composite "my.negate" %b {decomposition = @negate} : (tensor<4xf32>) -> tensor<4xf32>
  return %d : tensor<4xf32>
}

// CHECK-NOT: @small
func.func private @small(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = stablehlo.tanh %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-NOT: @negate
func.func private @negate(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = stablehlo.negate %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @recursive
// CHECK-NEXT: call @again
func.func @recursive(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @again(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func private @again
// CHECK-NEXT: call @again
func.func private @again(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @again(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
