// RUN: tfrt-opt -p 'lower-stablehlo,detensorize,canonicalize,cse' %s | filecheck %s

// A counter that counts for itself alone is dropped, indices are numbers, and slices take them.
// CHECK-LABEL: func.func @scan
// CHECK-SAME: ([[XS:%.+]]: memref<5x4xf32>, [[YS:%.+]]: memref<5x4xf32>)
// CHECK: [[ZERO:%.+]] = tfrt.constant.i32 0
// CHECK: tfrt.repeat.i32 %{{.+}}, [[ZERO]], {{.*}} : i32, memref<5x4xf32>, memref<5x4xf32> {
// CHECK: [[ROW:%.+]] = cpu.call {{.*}}, [[ZERO]], %{{.+}} {{.*}}"stablehlo.dynamic_slice"{{.*}} : (memref<5x4xf32>, i32, i32)
// CHECK: cpu.call {{.*}}[[ROW]], [[ZERO]], {{.*}}"stablehlo.dynamic_update_slice"
// CHECK: [[NEXT:%.+]] = tfrt.add.i32 [[ZERO]], %
// CHECK: tfrt.return [[NEXT]]
func.func @scan(%xs: tensor<5x4xf32>, %ys: tensor<5x4xf32>) -> tensor<5x4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:3 = stablehlo.while(%i = %zero, %j = %zero, %a = %ys) : tensor<i32>, tensor<i32>, tensor<5x4xf32> cond {
    %n = stablehlo.constant dense<5> : tensor<i32>
    %more = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %start = stablehlo.constant dense<0> : tensor<i32>
    %row = stablehlo.dynamic_slice %xs, %j, %start, sizes = [1, 4] : (tensor<5x4xf32>, tensor<i32>, tensor<i32>) -> tensor<1x4xf32>
    %b = stablehlo.dynamic_update_slice %a, %row, %j, %start : (tensor<5x4xf32>, tensor<1x4xf32>, tensor<i32>, tensor<i32>) -> tensor<5x4xf32>
    %k = stablehlo.add %j, %one : tensor<i32>
    %l = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %l, %k, %b : tensor<i32>, tensor<i32>, tensor<5x4xf32>
  }
  return %r#2 : tensor<5x4xf32>
}

// Numbers are made arrays where something else reads them.
// CHECK-LABEL: func.func @float_of
// CHECK: [[N:%.+]] = cpu.item %arg0 : (memref<i32>) -> i32
// CHECK: [[M:%.+]] = tfrt.add.i32 [[N]], %
// CHECK: [[F:%.+]] = cpu.scalar [[M]] {metadata = {{.*}}f32{{.*}}} : (i32) -> memref<f32>
// CHECK: cpu.call [[F]] {{.*}}"stablehlo.broadcast_in_dim"
func.func @float_of(%n: tensor<i32>) -> tensor<3xf32> {
  %one = stablehlo.constant dense<1> : tensor<i32>
  %m = stablehlo.add %n, %one : tensor<i32>
  %f = stablehlo.convert %m : (tensor<i32>) -> tensor<f32>
  %r = stablehlo.broadcast_in_dim %f, dims = [] : (tensor<f32>) -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// What is computed of arrays alone, and what is not of integers of 32 or 64 bits, stays as it is.
// CHECK-LABEL: func.func @stays
// CHECK-NOT: cpu.item
// CHECK-NOT: cpu.scalar
// CHECK-LABEL: func.func @condition
func.func @stays(%x: tensor<i32>, %y: tensor<i32>, %u: tensor<ui8>) -> (tensor<i32>, tensor<ui8>) {
  %s = stablehlo.add %x, %y : tensor<i32>
  %t = stablehlo.add %u, %u : tensor<ui8>
  return %s, %t : tensor<i32>, tensor<ui8>
}

// The body of a loop whose iterations are not counted takes and gives numbers.
// CHECK: tfrt.while %{{.+}} @condition.body({{.*}}) parallel_iterations(1) : (i32, i32) -> (i32, i32)
// CHECK: func.func private @condition.body(%arg0: i32, %arg1: i32) -> (i32, i32, i1)
// CHECK: cpu.remainder.i32
// CHECK: cpu.unequal.i32
func.func @condition(%a: tensor<i32>, %b: tensor<i32>) -> tensor<i32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%x = %a, %y = %b) : tensor<i32>, tensor<i32> cond {
    %z = stablehlo.constant dense<0> : tensor<i32>
    %more = stablehlo.compare NE, %y, %z : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %m = stablehlo.remainder %x, %y : tensor<i32>
    stablehlo.return %y, %m : tensor<i32>, tensor<i32>
  }
  return %r#0 : tensor<i32>
}
