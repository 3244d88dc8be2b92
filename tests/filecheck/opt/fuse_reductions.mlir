// RUN: tfrt-opt %s -p 'lower-stablehlo,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops,fuse-reductions' | filecheck %s
// RUN: tfrt-opt %s -p 'lower-stablehlo,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops,fuse-reductions,plan-buffers{threshold=0}' | filecheck %s --check-prefix=INTO

// What is combined, and what follows. Sums begin with zero anyway.
// CHECK-LABEL: func.func @mean_of_squares
// CHECK: cpu.reduction {{.*}}dimensions = [1], gives = [4], metadata = {{\[\[}}f32, 4]], shape = [4, 8], steps = {{\[\[}}"stablehlo.multiply", 0, 0, f32], ["stablehlo.reduce", 2, f32, "stablehlo.add"], ["stablehlo.divide", 3, 1, f32]]}
// CHECK-NEXT: cpu.own
func.func @mean_of_squares(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %n = stablehlo.constant dense<8.0> : tensor<4xf32>
  %q = stablehlo.multiply %x, %x : tensor<4x8xf32>
  %s = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x8xf32>, tensor<f32>) -> tensor<4xf32>
  %m = stablehlo.divide %s, %n : tensor<4xf32>
  return %m : tensor<4xf32>
}

// Where what is combined fits into the cache, several passes are one op, and an initial value that changes something
// is a step. One array of the operand's size may be among the results; it may be in memory that is planned.
// CHECK-LABEL: func.func @several_passes
// CHECK: [[R:%.+]]:2 = cpu.reduction {{.*}}gives = [5, 6], metadata = {{\[\[}}f32, 4, 8], [f32, 4]]{{.*}}steps = {{\[\[}}"stablehlo.reduce", 0, f32, "stablehlo.maximum"], ["stablehlo.maximum", 1, 2, f32], ["stablehlo.subtract", 0, 3, f32], ["stablehlo.exponential", 4, f32], ["stablehlo.reduce", 5, f32, "stablehlo.add"]]}
// CHECK-NOT: cpu.reduction
// INTO-LABEL: func.func @several_passes
// INTO: [[A:%.+]]:2 = cpu.arena
// INTO: cpu.reduction_into {{.*}}, [[A]]#0
func.func @several_passes(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %least = stablehlo.constant dense<-1.0> : tensor<f32>
  %g = stablehlo.reduce(%x init: %least) applies stablehlo.maximum across dimensions = [1] : (tensor<4x8xf32>, tensor<f32>) -> tensor<4xf32>
  %b = stablehlo.broadcast_in_dim %g, dims = [0] : (tensor<4xf32>) -> tensor<4x8xf32>
  %d = stablehlo.subtract %x, %b : tensor<4x8xf32>
  %e = stablehlo.exponential %d : tensor<4x8xf32>
  %s = stablehlo.reduce(%e init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x8xf32>, tensor<f32>) -> tensor<4xf32>
  %p = stablehlo.dot_general %e, %w, contracting_dims = [1] x [0] : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  %q = stablehlo.dot_general %p, %w, contracting_dims = [1] x [0] : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  return %q, %s : tensor<4x8xf32>, tensor<4xf32>
}

// Several reductions of the same elements. What lies between, and needs one of them, comes after both.
// CHECK-LABEL: func.func @moments
// CHECK: [[R:%.+]]:2 = cpu.reduction {{.*}}dimensions = [0], gives = [1, 3]
// CHECK-NEXT: cpu.call {{.*}}"stablehlo.reshape"
// CHECK-NEXT: cpu.elementwise {{.*}}"stablehlo.exponential"
// CHECK-NOT: stablehlo.reduce"
func.func @moments(%x: tensor<4x8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<2x4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8xf32>
  %v = stablehlo.reshape %s : (tensor<8xf32>) -> tensor<2x4xf32>
  %e = stablehlo.exponential %v : tensor<2x4xf32>
  %q = stablehlo.multiply %x, %x : tensor<4x8xf32>
  %t = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8xf32>
  return %s, %t, %e : tensor<8xf32>, tensor<8xf32>, tensor<2x4xf32>
}

// Columns of many elements do not stay in the cache until their sum is known.
// CHECK-LABEL: func.func @large_columns
// CHECK: cpu.reduction {{.*}}steps = {{\[\[}}"stablehlo.multiply", 0, 0, f32], ["stablehlo.reduce", 1, f32, "stablehlo.add"]]}
// CHECK: cpu.elementwise {{.*}}"stablehlo.divide"
func.func @large_columns(%x: tensor<1024x128xf32>) -> tensor<1024x128xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %q = stablehlo.multiply %x, %x : tensor<1024x128xf32>
  %s = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<1024x128xf32>, tensor<f32>) -> tensor<128xf32>
  %b = stablehlo.broadcast_in_dim %s, dims = [1] : (tensor<128xf32>) -> tensor<1024x128xf32>
  %d = stablehlo.divide %x, %b : tensor<1024x128xf32>
  return %d : tensor<1024x128xf32>
}

// What depends on a reduction along other dimensions, which depends on the first one, stays apart.
// CHECK-LABEL: func.func @in_a_circle
// CHECK: cpu.reduction {{.*}}dimensions = [1]
// CHECK: cpu.reduction {{.*}}dimensions = [0]
// CHECK-NOT: cpu.elementwise
func.func @in_a_circle(%x: tensor<4x4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %q = stablehlo.multiply %x, %x : tensor<4x4xf32>
  %s = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>
  %b = stablehlo.broadcast_in_dim %s, dims = [1] : (tensor<4xf32>) -> tensor<4x4xf32>
  %d = stablehlo.add %x, %b : tensor<4x4xf32>
  %t = stablehlo.reduce(%d init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>
  %u = stablehlo.multiply %t, %s : tensor<4xf32>
  return %u, %s : tensor<4xf32>, tensor<4xf32>
}

// Truth values are counted. A dimension of size 1 is not worth a reduction.
// CHECK-LABEL: func.func @count
// CHECK: cpu.reduction {{.*}}dimensions = [0, 1]{{.*}}steps = {{\[\[}}"stablehlo.compare", 0, 1, i1, {{.*}}], ["stablehlo.convert", 2, i32], ["stablehlo.reduce", 3, i32, "stablehlo.add"]]}
// CHECK: cpu.elementwise {{.*}}steps = {{\[\[}}"stablehlo.add"
func.func @count(%x: tensor<4x8xf32>, %y: tensor<4x1xf32>) -> (tensor<i32>, tensor<4xf32>) {
  %none = stablehlo.constant dense<0> : tensor<i32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %half = stablehlo.constant dense<0.5> : tensor<4x8xf32>
  %c = stablehlo.compare GT, %x, %half, FLOAT : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xi1>
  %i = stablehlo.convert %c : (tensor<4x8xi1>) -> tensor<4x8xi32>
  %s = stablehlo.reduce(%i init: %none) applies stablehlo.add across dimensions = [0, 1] : (tensor<4x8xi32>, tensor<i32>) -> tensor<i32>
  %t = stablehlo.reduce(%y init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x1xf32>, tensor<f32>) -> tensor<4xf32>
  return %s, %t : tensor<i32>, tensor<4xf32>
}

// What is repeated is read where it is.
// CHECK-LABEL: func.func @distances
// CHECK: [[X:%.+]] = cpu.call %arg0 {{.*}}metadata = {{\[\[}}f32, 4, 1, 8]]{{.*}}"stablehlo.reshape"
// CHECK: cpu.reduction [[X]], %arg1 {{.*}}arguments = {{\[\[}}f32, 4, 1, 8], [f32, 3, 8]], dimensions = [2]
func.func @distances(%x: tensor<4x8xf32>, %y: tensor<3x8xf32>) -> tensor<4x3xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %a = stablehlo.broadcast_in_dim %x, dims = [0, 2] : (tensor<4x8xf32>) -> tensor<4x3x8xf32>
  %b = stablehlo.broadcast_in_dim %y, dims = [1, 2] : (tensor<3x8xf32>) -> tensor<4x3x8xf32>
  %d = stablehlo.subtract %a, %b : tensor<4x3x8xf32>
  %q = stablehlo.multiply %d, %d : tensor<4x3x8xf32>
  %s = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [2] : (tensor<4x3x8xf32>, tensor<f32>) -> tensor<4x3xf32>
  return %s : tensor<4x3xf32>
}
