// RUN: tfrt-opt -p stablehlo-recognize,stablehlo-canonicalize %s | filecheck %s

// The product with a one-hot matrix reads rows.
// CHECK-LABEL: func.func @embedding
// CHECK: "stablehlo.gather"(%arg1, %arg0)
// CHECK-NOT: dot_general
// CHECK: stablehlo.select
func.func @embedding(%ids: tensor<5xi32>, %table: tensor<10x4xf32>) -> tensor<5x4xf32> {
  %0 = stablehlo.broadcast_in_dim %ids, dims = [0] : (tensor<5xi32>) -> tensor<5x10xi32>
  %1 = stablehlo.iota dim = 1 : tensor<5x10xi32>
  %2 = stablehlo.compare EQ, %0, %1, SIGNED : (tensor<5x10xi32>, tensor<5x10xi32>) -> tensor<5x10xi1>
  %3 = stablehlo.convert %2 : (tensor<5x10xi1>) -> tensor<5x10xf32>
  %4 = stablehlo.dot_general %3, %table, contracting_dims = [1] x [0] : (tensor<5x10xf32>, tensor<10x4xf32>) -> tensor<5x4xf32>
  return %4 : tensor<5x4xf32>
}

// Numbers along another dimension, other comparisons, or sums over another dimension make other matrices.
// CHECK-LABEL: func.func @others
// CHECK-NOT: gather
// CHECK: return
func.func @others(%ids: tensor<10xi32>, %table: tensor<10x10xf32>) -> (tensor<10x10xf32>, tensor<10x10xf32>, tensor<10x10xf32>) {
  %0 = stablehlo.broadcast_in_dim %ids, dims = [0] : (tensor<10xi32>) -> tensor<10x10xi32>
  %1 = stablehlo.iota dim = 0 : tensor<10x10xi32>
  %2 = stablehlo.compare EQ, %0, %1, SIGNED : (tensor<10x10xi32>, tensor<10x10xi32>) -> tensor<10x10xi1>
  %3 = stablehlo.convert %2 : (tensor<10x10xi1>) -> tensor<10x10xf32>
  %4 = stablehlo.dot_general %3, %table, contracting_dims = [1] x [0] : (tensor<10x10xf32>, tensor<10x10xf32>) -> tensor<10x10xf32>
  %5 = stablehlo.iota dim = 1 : tensor<10x10xi32>
  %6 = stablehlo.compare LT, %0, %5, SIGNED : (tensor<10x10xi32>, tensor<10x10xi32>) -> tensor<10x10xi1>
  %7 = stablehlo.convert %6 : (tensor<10x10xi1>) -> tensor<10x10xf32>
  %8 = stablehlo.dot_general %7, %table, contracting_dims = [1] x [0] : (tensor<10x10xf32>, tensor<10x10xf32>) -> tensor<10x10xf32>
  %9 = stablehlo.compare EQ, %0, %5, SIGNED : (tensor<10x10xi32>, tensor<10x10xi32>) -> tensor<10x10xi1>
  %10 = stablehlo.convert %9 : (tensor<10x10xi1>) -> tensor<10x10xf32>
  %11 = stablehlo.dot_general %10, %table, contracting_dims = [0] x [0] : (tensor<10x10xf32>, tensor<10x10xf32>) -> tensor<10x10xf32>
  return %4, %8, %11 : tensor<10x10xf32>, tensor<10x10xf32>, tensor<10x10xf32>
}

// Softmax, as JAX writes it: with one more maximum, and the maxima as a column or not.
// CHECK-LABEL: func.func @softmax
// CHECK-NEXT: nn.softmax %arg0 {dimension = 1 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
// CHECK-NEXT: return
func.func @softmax(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.broadcast_in_dim %low, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %2 = stablehlo.maximum %1, %0 : tensor<4xf32>
  %3 = stablehlo.reshape %2 : (tensor<4xf32>) -> tensor<4x1xf32>
  %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x6xf32>
  %5 = stablehlo.subtract %x, %4 : tensor<4x6xf32>
  %6 = stablehlo.exponential %5 : tensor<4x6xf32>
  %7 = stablehlo.reduce(%6 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
  %8 = stablehlo.broadcast_in_dim %7, dims = [0] : (tensor<4xf32>) -> tensor<4x6xf32>
  %9 = stablehlo.divide %6, %8 : tensor<4x6xf32>
  return %9 : tensor<4x6xf32>
}

// Softmax of halves, whose sum is one of singles, after the maximum has been taken away once more.
// CHECK-LABEL: func.func @softmax_of_halves
// CHECK-NEXT: nn.softmax %arg0 {dimension = 1 : i64} : (tensor<4x6xbf16>) -> tensor<4x6xbf16>
// CHECK-NEXT: return
func.func @softmax_of_halves(%x: tensor<4x6xbf16>) -> tensor<4x6xbf16> {
  %low = stablehlo.constant dense<0xFF80> : tensor<bf16>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<4x6xbf16>, tensor<bf16>) -> tensor<4xbf16>
  %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<4xbf16>) -> tensor<4x6xbf16>
  %2 = stablehlo.subtract %x, %1 : tensor<4x6xbf16>
  %3 = stablehlo.reduce(%2 init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<4x6xbf16>, tensor<bf16>) -> tensor<4xbf16>
  %4 = stablehlo.broadcast_in_dim %3, dims = [0] : (tensor<4xbf16>) -> tensor<4x6xbf16>
  %5 = stablehlo.subtract %2, %4 : tensor<4x6xbf16>
  %6 = stablehlo.exponential %5 : tensor<4x6xbf16>
  %7 = stablehlo.convert %6 : (tensor<4x6xbf16>) -> tensor<4x6xf32>
  %8 = stablehlo.reduce(%7 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
  %9 = stablehlo.convert %8 : (tensor<4xf32>) -> tensor<4xbf16>
  %10 = stablehlo.broadcast_in_dim %9, dims = [0] : (tensor<4xbf16>) -> tensor<4x6xbf16>
  %11 = stablehlo.divide %6, %10 : tensor<4x6xbf16>
  return %11 : tensor<4x6xbf16>
}

// A normalization; the variance may be the mean of squares less the square of the mean.
// CHECK-LABEL: func.func @normalize
// CHECK-NEXT: [[N:%.+]] = nn.normalize %arg0 {dimension = 1 : i64, epsilon = 5.000000e-01 : f64}
// CHECK-NEXT: return [[N]], [[N]]
func.func @normalize(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %count = stablehlo.constant dense<2.0> : tensor<4x1xf32>
  %epsilon = stablehlo.constant dense<0.5> : tensor<4x1xf32>
  %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.reshape %0 : (tensor<4xf32>) -> tensor<4x1xf32>
  %mean = stablehlo.divide %1, %count : tensor<4x1xf32>
  %3 = stablehlo.broadcast_in_dim %mean, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x2xf32>
  %centred = stablehlo.subtract %x, %3 : tensor<4x2xf32>
  %5 = stablehlo.multiply %centred, %centred : tensor<4x2xf32>
  %6 = stablehlo.reduce(%5 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4xf32>
  %7 = stablehlo.reshape %6 : (tensor<4xf32>) -> tensor<4x1xf32>
  %8 = stablehlo.divide %7, %count : tensor<4x1xf32>
  %9 = stablehlo.add %8, %epsilon : tensor<4x1xf32>
  %10 = stablehlo.sqrt %9 : tensor<4x1xf32>
  %11 = stablehlo.broadcast_in_dim %10, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x2xf32>
  %first = stablehlo.divide %centred, %11 : tensor<4x2xf32>
  %13 = stablehlo.multiply %x, %x : tensor<4x2xf32>
  %14 = stablehlo.reduce(%13 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4xf32>
  %15 = stablehlo.reshape %14 : (tensor<4xf32>) -> tensor<4x1xf32>
  %16 = stablehlo.divide %15, %count : tensor<4x1xf32>
  %17 = stablehlo.multiply %mean, %mean : tensor<4x1xf32>
  %18 = stablehlo.subtract %16, %17 : tensor<4x1xf32>
  %19 = stablehlo.add %epsilon, %18 : tensor<4x1xf32>
  %20 = stablehlo.rsqrt %19 : tensor<4x1xf32>
  %21 = stablehlo.broadcast_in_dim %20, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x2xf32>
  %second = stablehlo.multiply %21, %centred : tensor<4x2xf32>
  return %first, %second : tensor<4x2xf32>, tensor<4x2xf32>
}

// Sums over another dimension, of something else, from another start, or divided by another number are neither.
// CHECK-LABEL: func.func @neither
// CHECK-NOT: nn.
// CHECK: return
func.func @neither(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %one = stablehlo.constant dense<1.0> : tensor<f32>
  %three = stablehlo.constant dense<3.0> : tensor<4xf32>
  %0 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [1] : (tensor<4xf32>) -> tensor<4x4xf32>
  %2 = stablehlo.subtract %x, %1 : tensor<4x4xf32>
  %3 = stablehlo.exponential %2 : tensor<4x4xf32>
  %4 = stablehlo.reduce(%3 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<4xf32>) -> tensor<4x4xf32>
  %6 = stablehlo.divide %3, %5 : tensor<4x4xf32>
  %7 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<4xf32>) -> tensor<4x4xf32>
  %8 = stablehlo.subtract %x, %7 : tensor<4x4xf32>
  %9 = stablehlo.exponential %8 : tensor<4x4xf32>
  %10 = stablehlo.reduce(%9 init: %one) applies stablehlo.add across dimensions = [1] : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>
  %11 = stablehlo.broadcast_in_dim %10, dims = [0] : (tensor<4xf32>) -> tensor<4x4xf32>
  %12 = stablehlo.divide %9, %11 : tensor<4x4xf32>
  %13 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>
  %14 = stablehlo.divide %13, %three : tensor<4xf32>
  %15 = stablehlo.broadcast_in_dim %14, dims = [0] : (tensor<4xf32>) -> tensor<4x4xf32>
  %16 = stablehlo.subtract %x, %15 : tensor<4x4xf32>
  %17 = stablehlo.multiply %16, %16 : tensor<4x4xf32>
  %18 = stablehlo.reduce(%17 init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>
  %19 = stablehlo.divide %18, %three : tensor<4xf32>
  %20 = stablehlo.add %19, %three : tensor<4xf32>
  %21 = stablehlo.rsqrt %20 : tensor<4xf32>
  %22 = stablehlo.broadcast_in_dim %21, dims = [0] : (tensor<4xf32>) -> tensor<4x4xf32>
  %23 = stablehlo.multiply %16, %22 : tensor<4x4xf32>
  return %6, %12, %23 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// A softmax whose maximum is taken before it is transposed, as of a function that is vectorised; and of another row's.
// CHECK-LABEL: func.func @transposed
// CHECK: [[X:%.+]] = stablehlo.transpose %arg0, dims = [2, 0, 1]
// CHECK: [[S:%.+]] = nn.softmax [[X]] {dimension = 2 : i64}
// CHECK: [[D:%.+]] = stablehlo.divide
// CHECK: return [[S]], [[D]]
func.func @transposed(%x: tensor<4x4x4xf32>) -> (tensor<4x4x4xf32>, tensor<4x4x4xf32>) {
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<4x4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = stablehlo.transpose %x, dims = [2, 0, 1] : (tensor<4x4x4xf32>) -> tensor<4x4x4xf32>
  %3 = stablehlo.broadcast_in_dim %1, dims = [0, 1] : (tensor<4x4xf32>) -> tensor<4x4x4xf32>
  %4 = stablehlo.subtract %2, %3 : tensor<4x4x4xf32>
  %5 = stablehlo.exponential %4 : tensor<4x4x4xf32>
  %6 = stablehlo.reduce(%5 init: %zero) applies stablehlo.add across dimensions = [2] : (tensor<4x4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %7 = stablehlo.broadcast_in_dim %6, dims = [0, 1] : (tensor<4x4xf32>) -> tensor<4x4x4xf32>
  %8 = stablehlo.divide %5, %7 : tensor<4x4x4xf32>
  %9 = stablehlo.broadcast_in_dim %0, dims = [0, 1] : (tensor<4x4xf32>) -> tensor<4x4x4xf32>
  %10 = stablehlo.subtract %2, %9 : tensor<4x4x4xf32>
  %11 = stablehlo.exponential %10 : tensor<4x4x4xf32>
  %12 = stablehlo.reduce(%11 init: %zero) applies stablehlo.add across dimensions = [2] : (tensor<4x4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<4x4xf32>) -> tensor<4x4x4xf32>
  %14 = stablehlo.divide %11, %13 : tensor<4x4x4xf32>
  return %8, %14 : tensor<4x4x4xf32>, tensor<4x4x4xf32>
}

// The greatest elements and where they are, which frameworks sort: of integers, and of floats in total order.
// CHECK-LABEL: func.func @top_k
// CHECK-NEXT: %[[VALUES:.*]], %[[PLACES:.*]] = chlo.top_k(%arg0, k = 3) : tensor<4x9xf32> -> (tensor<4x3xf32>, tensor<4x3xi32>)
// CHECK-NEXT: %[[TWO:.*]] = stablehlo.slice %[[VALUES]] [0:4, 0:2] : (tensor<4x3xf32>) -> tensor<4x2xf32>
// CHECK-NEXT: return %[[TWO]], %[[PLACES]]
func.func @top_k(%x: tensor<4x9xf32>) -> (tensor<4x2xf32>, tensor<4x3xi32>) {
  %0 = stablehlo.iota dim = 1 : tensor<4x9xi32>
  %1:2 = "stablehlo.sort"(%x, %0) <{dimension = 1 : i64, is_stable = true}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
    %4 = stablehlo.compare GT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %4 : tensor<i1>
  }) : (tensor<4x9xf32>, tensor<4x9xi32>) -> (tensor<4x9xf32>, tensor<4x9xi32>)
  %2 = stablehlo.slice %1#0 [0:4, 0:2] : (tensor<4x9xf32>) -> tensor<4x2xf32>
  %3 = stablehlo.slice %1#1 [0:4, 0:3] : (tensor<4x9xi32>) -> tensor<4x3xi32>
  return %2, %3 : tensor<4x2xf32>, tensor<4x3xi32>
}

// CHECK-LABEL: func.func @top_k_of_integers
// CHECK-NEXT: chlo.top_k(%arg0, k = 1)
// CHECK-NOT: sort
func.func @top_k_of_integers(%x: tensor<9xui8>) -> tensor<1xui8> {
  %0 = stablehlo.iota dim = 0 : tensor<9xi32>
  %1:2 = "stablehlo.sort"(%x, %0) <{dimension = 0 : i64}> ({
  ^bb0(%a: tensor<ui8>, %b: tensor<ui8>, %c: tensor<i32>, %d: tensor<i32>):
    %4 = stablehlo.compare LT, %b, %a, UNSIGNED : (tensor<ui8>, tensor<ui8>) -> tensor<i1>
    stablehlo.return %4 : tensor<i1>
  }) : (tensor<9xui8>, tensor<9xi32>) -> (tensor<9xui8>, tensor<9xi32>)
  %2 = stablehlo.slice %1#0 [0:1] : (tensor<9xui8>) -> tensor<1xui8>
  return %2 : tensor<1xui8>
}

// The least ones, floats that are compared as numbers, other elements, all elements, and places of another kind are not.
// CHECK-LABEL: func.func @no_top_k
// CHECK-NOT: top_k
// CHECK: return
func.func @no_top_k(%x: tensor<9xf32>, %y: tensor<9xi32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<9xf32>, tensor<3xf32>) {
  %0 = stablehlo.iota dim = 0 : tensor<9xi32>
  %1:2 = "stablehlo.sort"(%x, %0) <{dimension = 0 : i64}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
    %11 = stablehlo.compare LT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %11 : tensor<i1>
  }) : (tensor<9xf32>, tensor<9xi32>) -> (tensor<9xf32>, tensor<9xi32>)
  %2 = stablehlo.slice %1#0 [0:3] : (tensor<9xf32>) -> tensor<3xf32>
  %3:2 = "stablehlo.sort"(%x, %0) <{dimension = 0 : i64}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
    %11 = stablehlo.compare GT, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %11 : tensor<i1>
  }) : (tensor<9xf32>, tensor<9xi32>) -> (tensor<9xf32>, tensor<9xi32>)
  %4 = stablehlo.slice %3#0 [0:3] : (tensor<9xf32>) -> tensor<3xf32>
  %5:2 = "stablehlo.sort"(%x, %0) <{dimension = 0 : i64}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
    %11 = stablehlo.compare GT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %11 : tensor<i1>
  }) : (tensor<9xf32>, tensor<9xi32>) -> (tensor<9xf32>, tensor<9xi32>)
  %6 = stablehlo.slice %5#0 [1:4] : (tensor<9xf32>) -> tensor<3xf32>
  %7:2 = "stablehlo.sort"(%x, %0) <{dimension = 0 : i64, is_stable = true}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
    %11 = stablehlo.compare GT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %11 : tensor<i1>
  }) : (tensor<9xf32>, tensor<9xi32>) -> (tensor<9xf32>, tensor<9xi32>)
  %8:2 = "stablehlo.sort"(%x, %y) <{dimension = 0 : i64}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
    %11 = stablehlo.compare GT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %11 : tensor<i1>
  }) : (tensor<9xf32>, tensor<9xi32>) -> (tensor<9xf32>, tensor<9xi32>)
  %9 = stablehlo.slice %8#0 [0:3] : (tensor<9xf32>) -> tensor<3xf32>
  return %2, %4, %6, %7#0, %9 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<9xf32>, tensor<3xf32>
}

// Halving what is left of a line of integers, until each number has its place.
// CHECK-LABEL: func.func @search
// CHECK-NEXT: nn.search %arg0, %arg1 : (tensor<3xi32>, tensor<5xi32>) -> tensor<5xui32>
// CHECK-NEXT: return
func.func @search(%x: tensor<3xi32>, %y: tensor<5xi32>) -> tensor<5xui32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %steps = stablehlo.constant dense<2> : tensor<i32>
  %start = stablehlo.constant dense<0> : tensor<5xui32>
  %end = stablehlo.constant dense<3> : tensor<5xui32>
  %two = stablehlo.constant dense<2> : tensor<5xui32>
  %r:3 = stablehlo.while(%i = %zero, %low = %start, %high = %end) : tensor<i32>, tensor<5xui32>, tensor<5xui32> cond {
    %more = stablehlo.compare LT, %i, %steps, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %width = stablehlo.subtract %high, %low : tensor<5xui32>
    %half = stablehlo.divide %width, %two : tensor<5xui32>
    %middle = stablehlo.add %low, %half : tensor<5xui32>
    %at = stablehlo.reshape %middle : (tensor<5xui32>) -> tensor<5x1xui32>
    %found = "stablehlo.gather"(%x, %at) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}> : (tensor<3xi32>, tensor<5x1xui32>) -> tensor<5xi32>
    %first = stablehlo.compare LE, %y, %found, SIGNED : (tensor<5xi32>, tensor<5xi32>) -> tensor<5xi1>
    %lower = stablehlo.select %first, %low, %middle : tensor<5xi1>, tensor<5xui32>
    %upper = stablehlo.select %first, %middle, %high : tensor<5xi1>, tensor<5xui32>
    %next = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %next, %lower, %upper : tensor<i32>, tensor<5xui32>, tensor<5xui32>
  }
  return %r#2 : tensor<5xui32>
}
