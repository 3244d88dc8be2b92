// RUN: tfrt-opt -p 'lower-stablehlo,canonicalize,detensorize,canonicalize,lower-to-cpu,fuse-cpu-ops,plan-buffers,fuse-loops' %s | filecheck %s

// The body is described in front of the loop, with the constants that it reads; the loop does what is left.
// CHECK-LABEL: func.func @scan
// CHECK: [[ALL:%.+]] = cpu.copy
// CHECK: [[ONE:%.+]] = cpu.constant {value = dense<1.000000e+00>
// CHECK: %left, %outputs:[[N:.+]] = cpu.iterate %{{.+}}, %{{.+}}, [[ALL]], %{{.+}}, [[ONE]]
// CHECK-SAME: "stablehlo.dynamic_slice"
// CHECK-SAME: "cpu.elementwise"
// CHECK-SAME: "cpu.call_into"
// CHECK-SAME: "tfrt.add.i32"
// CHECK-NEXT: tfrt.repeat.i32 %left, %outputs#0
func.func @scan(%xs: tensor<5x2x32xf32>) -> tensor<5x2x32xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %h0 = stablehlo.constant dense<0.0> : tensor<2x32xf32>
  %ys0 = stablehlo.constant dense<0.0> : tensor<5x2x32xf32>
  %r:3 = stablehlo.while(%i = %zero, %h = %h0, %ys = %ys0) : tensor<i32>, tensor<2x32xf32>, tensor<5x2x32xf32>
   cond {
    %all = stablehlo.constant dense<5> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %none = stablehlo.constant dense<0> : tensor<i32>
    %step = stablehlo.constant dense<1> : tensor<i32>
    %one = stablehlo.constant dense<1.0> : tensor<2x32xf32>
    %part = stablehlo.dynamic_slice %xs, %i, %none, %none, sizes = [1, 2, 32]
      : (tensor<5x2x32xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x2x32xf32>
    %x = stablehlo.reshape %part : (tensor<1x2x32xf32>) -> tensor<2x32xf32>
    %s = stablehlo.add %h, %x : tensor<2x32xf32>
    %n = stablehlo.divide %s, %one : tensor<2x32xf32>
    %row = stablehlo.reshape %n : (tensor<2x32xf32>) -> tensor<1x2x32xf32>
    %new = stablehlo.dynamic_update_slice %ys, %row, %i, %none, %none
      : (tensor<5x2x32xf32>, tensor<1x2x32xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<5x2x32xf32>
    %j = stablehlo.add %i, %step : tensor<i32>
    stablehlo.return %j, %n, %new : tensor<i32>, tensor<2x32xf32>, tensor<5x2x32xf32>
  }
  return %r#2 : tensor<5x2x32xf32>
}

// Where something else is done, or nothing with arrays, the loop stays as it is.
// CHECK-LABEL: func.func @others
// CHECK-NOT: cpu.iterate
// CHECK: tfrt.repeat.i32
// CHECK-NOT: cpu.iterate
// CHECK: tfrt.repeat.i32
func.func @others(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<i32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %h = %x) : tensor<i32>, tensor<4x4xf32>
   cond {
    %all = stablehlo.constant dense<5> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %new = "stablehlo.sort"(%h) <{dimension = 0 : i64, is_stable = false}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %less = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %less : tensor<i1>
    }) : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %new : tensor<i32>, tensor<4x4xf32>
  }
  %s:2 = stablehlo.while(%i = %zero, %a = %zero) : tensor<i32>, tensor<i32>
   cond {
    %all = stablehlo.constant dense<5> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %one = stablehlo.constant dense<1> : tensor<i32>
    %b = stablehlo.add %a, %i : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %b : tensor<i32>, tensor<i32>
  }
  return %r#1, %s#1 : tensor<4x4xf32>, tensor<i32>
}
