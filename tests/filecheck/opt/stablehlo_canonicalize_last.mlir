// RUN: tfrt-opt -p 'stablehlo-canonicalize{last=true}' %s | filecheck %s

// Moving dimensions of size 1 is a reshape, one with those around it; other dimensions are moved as they were.
// CHECK-LABEL: func.func @heads
// CHECK-NEXT: %0 = stablehlo.reshape %arg0 : (tensor<1x256xf32>) -> tensor<4x1x64xf32>
// CHECK-NEXT: %1 = stablehlo.reshape %arg1 : (tensor<4x1x64xf32>) -> tensor<1x256xf32>
// CHECK-NEXT: %2 = stablehlo.transpose %arg2, dims = [1, 0, 2]
// CHECK-NEXT: return %0, %1, %2
func.func @heads(%x: tensor<1x256xf32>, %y: tensor<4x1x64xf32>, %z: tensor<4x2x64xf32>) -> (tensor<4x1x64xf32>, tensor<1x256xf32>, tensor<2x4x64xf32>) {
  %0 = stablehlo.reshape %x : (tensor<1x256xf32>) -> tensor<1x4x64xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0, 2] : (tensor<1x4x64xf32>) -> tensor<4x1x64xf32>
  %2 = stablehlo.transpose %y, dims = [1, 0, 2] : (tensor<4x1x64xf32>) -> tensor<1x4x64xf32>
  %3 = stablehlo.reshape %2 : (tensor<1x4x64xf32>) -> tensor<1x256xf32>
  %4 = stablehlo.transpose %z, dims = [1, 0, 2] : (tensor<4x2x64xf32>) -> tensor<2x4x64xf32>
  return %1, %3, %4 : tensor<4x1x64xf32>, tensor<1x256xf32>, tensor<2x4x64xf32>
}
