// RUN: tfrt-opt -p 'lower-stablehlo,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops,fold-slices' %s | filecheck %s

// Parts of one array are read where they are, whatever else is read.
// CHECK-LABEL: func.func @gates
// CHECK-NOT: cpu.call
// CHECK: cpu.elementwise %arg1, %arg0
// CHECK-SAME{LITERAL}: steps = [["stablehlo.slice", 1, [["start_indices", [0, 16]], ["limit_indices", [2, 32]], ["strides", [1, 1]]]], ["stablehlo.slice", 1, [["start_indices", [0, 0]], ["limit_indices", [2, 16]], ["strides", [1, 1]]]], ["stablehlo.tanh", 2], ["stablehlo.multiply", 4, 3], ["stablehlo.add", 5, 0]]
// CHECK-SAME: : (memref<2x16xf32>, memref<2x32xf32>) -> memref<2x16xf32>
func.func @gates(%x: tensor<2x32xf32>, %c: tensor<2x16xf32>) -> tensor<2x16xf32> {
  %0 = stablehlo.slice %x [0:2, 0:16] : (tensor<2x32xf32>) -> tensor<2x16xf32>
  %1 = stablehlo.slice %x [0:2, 16:32] : (tensor<2x32xf32>) -> tensor<2x16xf32>
  %2 = stablehlo.tanh %1 : tensor<2x16xf32>
  %3 = stablehlo.multiply %2, %0 : tensor<2x16xf32>
  %4 = stablehlo.add %3, %c : tensor<2x16xf32>
  return %4 : tensor<2x16xf32>
}

// A part of another type is one of that type.
// CHECK-LABEL: func.func @types
// CHECK-NOT: cpu.call
// CHECK: steps = {{\[\[}}"stablehlo.slice", 0, i32, {{.*}}"stablehlo.convert", 1]]
func.func @types(%x: tensor<2x32xi32>) -> tensor<2x16xf32> {
  %0 = stablehlo.slice %x [0:2, 0:16] : (tensor<2x32xi32>) -> tensor<2x16xi32>
  %1 = stablehlo.convert %0 : (tensor<2x16xi32>) -> tensor<2x16xf32>
  return %1 : tensor<2x16xf32>
}

// Parts stay arrays that something else needs, whose rows are short, or whose elements are apart.
// CHECK-LABEL: func.func @arrays
// CHECK-COUNT-3: cpu.call {{.*}}"stablehlo.slice"
// CHECK-NOT: "stablehlo.slice"
func.func @arrays(%x: tensor<2x32xf32>) -> (tensor<2x16xf32>, tensor<2x16xf32>, tensor<2x8xf32>, tensor<2x16xf32>) {
  %0 = stablehlo.slice %x [0:2, 0:16] : (tensor<2x32xf32>) -> tensor<2x16xf32>
  %1 = stablehlo.tanh %0 : tensor<2x16xf32>
  %2 = stablehlo.slice %x [0:2, 0:8] : (tensor<2x32xf32>) -> tensor<2x8xf32>
  %3 = stablehlo.tanh %2 : tensor<2x8xf32>
  %4 = stablehlo.slice %x [0:2, 0:32:2] : (tensor<2x32xf32>) -> tensor<2x16xf32>
  %5 = stablehlo.tanh %4 : tensor<2x16xf32>
  return %0, %1, %3, %5 : tensor<2x16xf32>, tensor<2x16xf32>, tensor<2x8xf32>, tensor<2x16xf32>
}
