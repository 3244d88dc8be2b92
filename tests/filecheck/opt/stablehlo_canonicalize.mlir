// RUN: tfrt-opt -p stablehlo-canonicalize %s | filecheck %s

// CHECK-LABEL: func.func @views
// CHECK-NEXT: %0 = stablehlo.transpose %arg0, dims = [1, 2, 0]
// CHECK-NEXT: %1 = stablehlo.reshape %arg0 : (tensor<2x3x4xf32>) -> tensor<24xf32>
// CHECK-NEXT: %2 = stablehlo.broadcast_in_dim %arg1, dims = [2]
// CHECK-NEXT: return %0, %1, %2, %arg0, %arg0
func.func @views(%x: tensor<2x3x4xf32>, %row: tensor<4xf32>)
    -> (tensor<3x4x2xf32>, tensor<24xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
  %0 = stablehlo.transpose %x, dims = [2, 1, 0] : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0, 2] : (tensor<4x3x2xf32>) -> tensor<3x4x2xf32>
  %2 = stablehlo.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %3 = stablehlo.reshape %2 : (tensor<6x4xf32>) -> tensor<24xf32>
  %4 = stablehlo.reshape %row : (tensor<4xf32>) -> tensor<1x4xf32>
  %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x4xf32>) -> tensor<3x4xf32>
  %6 = stablehlo.broadcast_in_dim %5, dims = [1, 2] : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
  %7 = stablehlo.slice %x [0:2, 0:3, 0:4] : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %8 = stablehlo.transpose %x, dims = [0, 1, 2] : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %1, %3, %6, %7, %8 : tensor<3x4x2xf32>, tensor<24xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>
}

// A sum with 0.0 changes the sign of -0.0.
// CHECK-LABEL: func.func @neutral
// CHECK: %[[SUM:.*]] = stablehlo.add %arg0
// CHECK-NEXT: return %arg0, %[[SUM]], %arg1, %arg0
func.func @neutral(%x: tensor<300xf32>, %i: tensor<300xi32>) -> (tensor<300xf32>, tensor<300xf32>, tensor<300xi32>, tensor<300xf32>) {
  %one = stablehlo.constant dense<1.0> : tensor<f32>
  %zero = stablehlo.constant dense<0.0> : tensor<300xf32>
  %none = stablehlo.constant dense<0> : tensor<300xi32>
  %yes = stablehlo.constant dense<true> : tensor<300xi1>
  %ones = stablehlo.broadcast_in_dim %one, dims = [] : (tensor<f32>) -> tensor<300xf32>
  %0 = stablehlo.multiply %ones, %x : tensor<300xf32>
  %1 = stablehlo.add %x, %zero : tensor<300xf32>
  %2 = stablehlo.add %none, %i : tensor<300xi32>
  %3 = stablehlo.select %yes, %x, %1 : tensor<300xi1>, tensor<300xf32>
  return %0, %1, %2, %3 : tensor<300xf32>, tensor<300xf32>, tensor<300xi32>, tensor<300xf32>
}

// JAX's softmax takes care of rows without elements, whose maximum is -inf.
// CHECK-LABEL: func.func @bounds
// CHECK: %[[OTHER:.*]] = stablehlo.maximum %arg0
// CHECK-NEXT: return %arg0, %arg0, %[[OTHER]]
func.func @bounds(%x: tensor<300xf32>) -> (tensor<300xf32>, tensor<300xf32>, tensor<300xf32>) {
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %lows = stablehlo.broadcast_in_dim %low, dims = [] : (tensor<f32>) -> tensor<300xf32>
  %highs = stablehlo.constant dense<0x7F800000> : tensor<300xf32>
  %0 = stablehlo.maximum %lows, %x : tensor<300xf32>
  %1 = stablehlo.minimum %x, %highs : tensor<300xf32>
  %2 = stablehlo.maximum %x, %highs : tensor<300xf32>
  return %0, %1, %2 : tensor<300xf32>, tensor<300xf32>, tensor<300xf32>
}

// Where bounds cross, the one that comes last counts; zeros of floats keep their order, for both are equal.
// CHECK-LABEL: func.func @clamped
// CHECK-DAG: %[[LOW:.*]] = stablehlo.constant dense<-2.0
// CHECK-DAG: %[[HIGH:.*]] = stablehlo.constant dense<6.0
// CHECK-DAG: %[[ZERO:.*]] = stablehlo.constant dense<0.0
// CHECK: %[[A:.*]] = stablehlo.clamp %[[LOW]], %arg0, %[[HIGH]]
// CHECK-NEXT: %[[C:.*]] = stablehlo.clamp %[[HIGH]], %arg0, %[[LOW]]
// CHECK-NEXT: %[[INNER:.*]] = stablehlo.minimum %arg0, %[[LOW]]
// CHECK-NEXT: %[[D:.*]] = stablehlo.maximum %[[INNER]], %[[HIGH]]
// CHECK-NEXT: %[[RELU:.*]] = stablehlo.maximum %arg0, %[[ZERO]]
// CHECK-NEXT: %[[E:.*]] = stablehlo.minimum %[[RELU]], %[[HIGH]]
// CHECK-NEXT: return %[[A]], %[[A]], %[[C]], %[[D]], %[[E]]
func.func @clamped(%x: tensor<300xf32>)
    -> (tensor<300xf32>, tensor<300xf32>, tensor<300xf32>, tensor<300xf32>, tensor<300xf32>) {
  %low = stablehlo.constant dense<-2.0> : tensor<300xf32>
  %high = stablehlo.constant dense<6.0> : tensor<300xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<300xf32>
  %0 = stablehlo.maximum %low, %x : tensor<300xf32>
  %1 = stablehlo.minimum %high, %0 : tensor<300xf32>
  %2 = stablehlo.minimum %x, %high : tensor<300xf32>
  %3 = stablehlo.maximum %2, %low : tensor<300xf32>
  %4 = stablehlo.maximum %x, %high : tensor<300xf32>
  %5 = stablehlo.minimum %4, %low : tensor<300xf32>
  %6 = stablehlo.minimum %x, %low : tensor<300xf32>
  %7 = stablehlo.maximum %6, %high : tensor<300xf32>
  %8 = stablehlo.maximum %x, %zero : tensor<300xf32>
  %9 = stablehlo.minimum %8, %high : tensor<300xf32>
  return %1, %3, %5, %7, %9 : tensor<300xf32>, tensor<300xf32>, tensor<300xf32>, tensor<300xf32>, tensor<300xf32>
}

// JAX's `x // 7` and `x % 7`, whose divisors' signs are known.
// CHECK-LABEL: func.func @divided
// CHECK: %[[Q:.*]] = stablehlo.divide %arg0, %[[D:.*]] : tensor<300xi32>
// CHECK-NEXT: %[[P:.*]] = stablehlo.multiply %[[Q]], %[[D]]
// CHECK-NEXT: %[[R:.*]] = stablehlo.subtract %arg0, %[[P]]
// CHECK-NEXT: %[[LESS:.*]] = stablehlo.compare LT, %[[R]], %{{.*}}
// CHECK-NOT: stablehlo.compare
// CHECK-NOT: stablehlo.and
// CHECK: stablehlo.select %[[LESS]]
func.func @divided(%x: tensor<300xi32>) -> (tensor<300xi32>, tensor<300xi32>) {
  %d = stablehlo.constant dense<7> : tensor<300xi32>
  %zero = stablehlo.constant dense<0> : tensor<300xi32>
  %no = stablehlo.constant dense<false> : tensor<300xi1>
  %q = stablehlo.divide %x, %d : tensor<300xi32>
  %r = stablehlo.remainder %x, %d : tensor<300xi32>
  %0 = stablehlo.compare NE, %r, %zero, SIGNED : (tensor<300xi32>, tensor<300xi32>) -> tensor<300xi1>
  %1 = stablehlo.compare LT, %r, %zero, SIGNED : (tensor<300xi32>, tensor<300xi32>) -> tensor<300xi1>
  %2 = stablehlo.compare NE, %1, %no, UNSIGNED : (tensor<300xi1>, tensor<300xi1>) -> tensor<300xi1>
  %3 = stablehlo.and %2, %0 : tensor<300xi1>
  %4 = stablehlo.add %r, %d : tensor<300xi32>
  %5 = stablehlo.select %3, %4, %r : tensor<300xi1>, tensor<300xi32>
  return %q, %5 : tensor<300xi32>, tensor<300xi32>
}

// CHECK-LABEL: func.func @ones_and_zeros
// CHECK: %[[ONE:.*]] = stablehlo.convert %arg0 : (tensor<300xi1>) -> tensor<300xf32>
// CHECK-NEXT: %[[OTHER:.*]] = stablehlo.select %arg0
// CHECK-NEXT: return %[[ONE]], %[[OTHER]]
func.func @ones_and_zeros(%p: tensor<300xi1>) -> (tensor<300xf32>, tensor<300xf32>) {
  %one = stablehlo.constant dense<1.0> : tensor<300xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<300xf32>
  %less = stablehlo.constant dense<-0.0> : tensor<300xf32>
  %0 = stablehlo.select %p, %one, %zero : tensor<300xi1>, tensor<300xf32>
  %1 = stablehlo.select %p, %one, %less : tensor<300xi1>, tensor<300xf32>
  return %0, %1 : tensor<300xf32>, tensor<300xf32>
}

// Conversions are dropped only where the type between holds all values.
// CHECK-LABEL: func.func @conversions
// CHECK-NEXT: %0 = stablehlo.convert %arg0 : (tensor<4xf32>) -> tensor<4xbf16>
// CHECK-NEXT: %1 = stablehlo.convert %0
// CHECK-NEXT: return %arg1, %1
func.func @conversions(%x: tensor<4xf32>, %h: tensor<4xbf16>) -> (tensor<4xbf16>, tensor<4xf32>) {
  %0 = stablehlo.convert %h : (tensor<4xbf16>) -> tensor<4xf32>
  %1 = stablehlo.convert %0 : (tensor<4xf32>) -> tensor<4xbf16>
  %2 = stablehlo.convert %x : (tensor<4xf32>) -> tensor<4xbf16>
  %3 = stablehlo.convert %2 : (tensor<4xbf16>) -> tensor<4xf32>
  return %1, %3 : tensor<4xbf16>, tensor<4xf32>
}

// CHECK-LABEL: func.func @computed
// CHECK-NEXT: stablehlo.constant dense<[true, true, false, false]> : tensor<4xi1>
// CHECK-NEXT: return
func.func @computed() -> tensor<4xi1> {
  %0 = stablehlo.iota dim = 0 : tensor<4xi32>
  %c = stablehlo.constant dense<2> : tensor<i32>
  %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<4xi32>
  %2 = stablehlo.compare LT, %0, %1, SIGNED : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
  return %2 : tensor<4xi1>
}

// A transposed operand of a product is the operand with other dimension numbers, as long as the result's order is kept.
// CHECK-LABEL: func.func @products
// CHECK-NEXT: stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1]
// CHECK: stablehlo.transpose %arg2
// CHECK-NEXT: stablehlo.reshape
// CHECK-NEXT: stablehlo.dot_general
func.func @products(%x: tensor<2x3xf32>, %w: tensor<5x3xf32>, %y: tensor<3x4x6xf32>) -> (tensor<2x5xf32>, tensor<2x6x4xf32>) {
  %0 = stablehlo.transpose %w, dims = [1, 0] : (tensor<5x3xf32>) -> tensor<3x5xf32>
  %1 = stablehlo.dot_general %x, %0, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  %2 = stablehlo.transpose %y, dims = [0, 2, 1] : (tensor<3x4x6xf32>) -> tensor<3x6x4xf32>
  %3 = stablehlo.dot_general %x, %2, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x6x4xf32>) -> tensor<2x6x4xf32>
  return %1, %3 : tensor<2x5xf32>, tensor<2x6x4xf32>
}

// A transposed product, as JAX writes gradients of matrices, is that with its sides exchanged; rows by a matrix stay that,
// and so does what something else needs, too.
// CHECK-LABEL: func.func @transposed_products
// CHECK-NEXT: [[G:%.+]] = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0] : (tensor<7x2xf32>, tensor<7x5xf32>) -> tensor<2x5xf32>
// CHECK-NEXT: [[R:%.+]] = stablehlo.dot_general %arg0, %arg2, contracting_dims = [1] x [1] : (tensor<7x2xf32>, tensor<3x2xf32>) -> tensor<7x3xf32>
// CHECK-NEXT: [[H:%.+]] = stablehlo.dot_general %arg1, %arg4, contracting_dims = [0] x [0] : (tensor<7x5xf32>, tensor<7x3x4xf32>) -> tensor<5x3x4xf32>
// CHECK-NEXT: [[P:%.+]] = stablehlo.dot_general %arg0, %arg3, contracting_dims = [1] x [0]
// CHECK-NEXT: [[T:%.+]] = stablehlo.transpose [[P]], dims = [1, 0]
// CHECK-NEXT: [[Q:%.+]] = stablehlo.dot_general %arg1, %arg1, contracting_dims = [0] x [0]
// CHECK-NEXT: [[U:%.+]] = stablehlo.transpose [[Q]], dims = [1, 0]
// CHECK-NEXT: return [[G]], [[R]], [[H]], [[T]], [[Q]], [[U]]
func.func @transposed_products(%x: tensor<7x2xf32>, %g: tensor<7x5xf32>, %v: tensor<3x2xf32>, %w: tensor<2x6xf32>, %h: tensor<7x3x4xf32>) -> (tensor<2x5xf32>, tensor<7x3xf32>, tensor<5x3x4xf32>, tensor<6x7xf32>, tensor<5x5xf32>, tensor<5x5xf32>) {
  %0 = stablehlo.dot_general %g, %x, contracting_dims = [0] x [0] : (tensor<7x5xf32>, tensor<7x2xf32>) -> tensor<5x2xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<5x2xf32>) -> tensor<2x5xf32>
  %2 = stablehlo.dot_general %v, %x, contracting_dims = [1] x [1] : (tensor<3x2xf32>, tensor<7x2xf32>) -> tensor<3x7xf32>
  %3 = stablehlo.transpose %2, dims = [1, 0] : (tensor<3x7xf32>) -> tensor<7x3xf32>
  %4 = stablehlo.dot_general %h, %g, contracting_dims = [0] x [0] : (tensor<7x3x4xf32>, tensor<7x5xf32>) -> tensor<3x4x5xf32>
  %5 = stablehlo.transpose %4, dims = [2, 0, 1] : (tensor<3x4x5xf32>) -> tensor<5x3x4xf32>
  %6 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<7x2xf32>, tensor<2x6xf32>) -> tensor<7x6xf32>
  %7 = stablehlo.transpose %6, dims = [1, 0] : (tensor<7x6xf32>) -> tensor<6x7xf32>
  %8 = stablehlo.dot_general %g, %g, contracting_dims = [0] x [0] : (tensor<7x5xf32>, tensor<7x5xf32>) -> tensor<5x5xf32>
  %9 = stablehlo.transpose %8, dims = [1, 0] : (tensor<5x5xf32>) -> tensor<5x5xf32>
  return %1, %3, %5, %7, %8, %9 : tensor<2x5xf32>, tensor<7x3xf32>, tensor<5x3x4xf32>, tensor<6x7xf32>, tensor<5x5xf32>, tensor<5x5xf32>
}

// What is always true, or false, changes nothing; masks that tell positions from one another are constants.
// CHECK-LABEL: func.func @masks
// CHECK-NEXT: [[C:%.+]] = stablehlo.constant dense<
// CHECK-NEXT: return %arg0, %arg0, [[C]]
func.func @masks(%x: tensor<300xi1>) -> (tensor<300xi1>, tensor<300xi1>, tensor<40x40xi1>) {
  %yes = stablehlo.constant dense<true> : tensor<i1>
  %no = stablehlo.constant dense<false> : tensor<300xi1>
  %all = stablehlo.broadcast_in_dim %yes, dims = [] : (tensor<i1>) -> tensor<300xi1>
  %0 = stablehlo.and %all, %x : tensor<300xi1>
  %1 = stablehlo.or %x, %no : tensor<300xi1>
  %2 = stablehlo.iota dim = 0 : tensor<40x40xi32>
  %3 = stablehlo.iota dim = 1 : tensor<40x40xi32>
  %4 = stablehlo.compare GE, %2, %3, SIGNED : (tensor<40x40xi32>, tensor<40x40xi32>) -> tensor<40x40xi1>
  return %0, %1, %4 : tensor<300xi1>, tensor<300xi1>, tensor<40x40xi1>
}

// Dimensions that are put together around a transpose, and ones that are moved, need not be.
// CHECK-LABEL: func.func @moved
// CHECK-NEXT: %0 = stablehlo.transpose %arg0, dims = [0, 1, 3, 2] : (tensor<2x3x4x5xf32>) -> tensor<2x3x5x4xf32>
// CHECK-NEXT: %1 = stablehlo.reshape %arg0 : (tensor<2x3x4x5xf32>) -> tensor<2x1x3x4x5xf32>
// CHECK-NEXT: %2 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<6x4xf32>) -> tensor<4x6xf32>
// CHECK-NEXT: %3 = stablehlo.reshape %arg1 : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: %4 = stablehlo.transpose %3, dims = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
// CHECK-NEXT: %5 = stablehlo.reshape %2 : (tensor<4x6xf32>) -> tensor<8x3xf32>
// CHECK-NEXT: return %0, %1, %4, %5
func.func @moved(%x: tensor<2x3x4x5xf32>, %y: tensor<6x4xf32>) -> (tensor<2x3x5x4xf32>, tensor<2x1x3x4x5xf32>, tensor<4x2x3xf32>, tensor<8x3xf32>) {
  %0 = stablehlo.reshape %x : (tensor<2x3x4x5xf32>) -> tensor<6x4x5xf32>
  %1 = stablehlo.transpose %0, dims = [0, 2, 1] : (tensor<6x4x5xf32>) -> tensor<6x5x4xf32>
  %2 = stablehlo.reshape %1 : (tensor<6x5x4xf32>) -> tensor<2x3x5x4xf32>
  %3 = stablehlo.reshape %x : (tensor<2x3x4x5xf32>) -> tensor<1x2x3x4x5xf32>
  %4 = stablehlo.transpose %3, dims = [1, 0, 2, 3, 4] : (tensor<1x2x3x4x5xf32>) -> tensor<2x1x3x4x5xf32>
  %5 = stablehlo.transpose %y, dims = [1, 0] : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %6 = stablehlo.reshape %5 : (tensor<4x6xf32>) -> tensor<4x2x3xf32>
  %7 = stablehlo.reshape %5 : (tensor<4x6xf32>) -> tensor<8x3xf32>
  return %2, %4, %6, %7 : tensor<2x3x5x4xf32>, tensor<2x1x3x4x5xf32>, tensor<4x2x3xf32>, tensor<8x3xf32>
}

// Sums along several dimensions that lie together are along one, and columns that are several dimensions become so after
// what is the same for all rows was added.
// CHECK-LABEL: func.func @dense
// CHECK-DAG: [[X:%.+]] = stablehlo.reshape %arg0 : (tensor<2x3x4x5xf32>) -> tensor<2x3x20xf32>
// CHECK-DAG: [[W:%.+]] = stablehlo.reshape %arg1 : (tensor<4x5x6x7xf32>) -> tensor<20x42xf32>
// CHECK: [[P:%.+]] = stablehlo.dot_general [[X]], [[W]], contracting_dims = [2] x [0] : (tensor<2x3x20xf32>, tensor<20x42xf32>) -> tensor<2x3x42xf32>
// CHECK: [[B:%.+]] = stablehlo.reshape %arg2 : (tensor<6x7xf32>) -> tensor<42xf32>
// CHECK: [[R:%.+]] = stablehlo.broadcast_in_dim [[B]], dims = [2] : (tensor<42xf32>) -> tensor<2x3x42xf32>
// CHECK: [[S:%.+]] = stablehlo.add [[R]], [[P]]
// CHECK: [[Y:%.+]] = stablehlo.reshape [[S]] : (tensor<2x3x42xf32>) -> tensor<2x3x6x7xf32>
// CHECK: [[T:%.+]] = stablehlo.dot_general %{{.+}}, %{{.+}}, contracting_dims = [0] x [1] : (tensor<20xf32>, tensor<3x20xf32>) -> tensor<3xf32>
// CHECK: [[O:%.+]] = stablehlo.dot_general %arg4, %arg3, contracting_dims = [0, 1] x [1, 0] : (tensor<4x5xf32>, tensor<5x4x3xf32>) -> tensor<3xf32>
// CHECK: return [[Y]], [[T]], [[O]]
func.func @dense(%x: tensor<2x3x4x5xf32>, %w: tensor<4x5x6x7xf32>, %b: tensor<6x7xf32>, %v: tensor<5x4x3xf32>, %z: tensor<4x5xf32>, %u: tensor<3x4x5xf32>) -> (tensor<2x3x6x7xf32>, tensor<3xf32>, tensor<3xf32>) {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [2, 3] x [0, 1] : (tensor<2x3x4x5xf32>, tensor<4x5x6x7xf32>) -> tensor<2x3x6x7xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [2, 3] : (tensor<6x7xf32>) -> tensor<2x3x6x7xf32>
  %2 = stablehlo.add %1, %0 : tensor<2x3x6x7xf32>
  %3 = stablehlo.dot_general %z, %u, contracting_dims = [0, 1] x [1, 2] : (tensor<4x5xf32>, tensor<3x4x5xf32>) -> tensor<3xf32>
  %4 = stablehlo.dot_general %z, %v, contracting_dims = [0, 1] x [1, 0] : (tensor<4x5xf32>, tensor<5x4x3xf32>) -> tensor<3xf32>
  return %2, %3, %4 : tensor<2x3x6x7xf32>, tensor<3xf32>, tensor<3xf32>
}
