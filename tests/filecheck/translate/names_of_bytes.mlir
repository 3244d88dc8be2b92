// RUN: tfrt-opt %s --allow-unregistered-dialect --verify-roundtrip | filecheck %s
// RUN: tfrt-translate %s -o %t
// RUN: tfrt-translate %t | filecheck %s --check-prefix=BEF
// RUN: tfrt-translate %t | tfrt-translate --mlir-to-bef | tfrt-translate --bef-to-mlir | filecheck %s --check-prefix=BEF
// RUN: tfrt-translate -O3 %s | tfrt-translate --bef-to-mlir | filecheck %s --check-prefix=BEF

// Names and strings may be any bytes, whether they are UTF-8 or not.
// CHECK: func.func @"f\FF"({{.*}}: i32 {"x\FE" = 1 : i32}) -> i32 {
func.func @"f\FF"(%a: i32 {"x\FE" = 1 : i32}) -> i32 {
  // CHECK-NEXT: "x.y\FD"({{.*}}) {"a\C3" = "\C3\A9", "b\FF" = true, g = @"f\FF", m = [@"f\FF"], "n\FF" = "\FF"} : (i32) -> i32
  // BEF: "x.y\FD"({{.*}}) {
  // BEF-SAME: "a\C3" = "\C3\A9", "b\FF" = true
  // BEF-SAME: @"f\FF"
  // BEF-SAME: "n\FF" = "\FF"
  // BEF-SAME: loc("file\FF":1:2)
  %r = "x.y\FD"(%a) {"n\FF" = "\FF", g = @"f\FF", m = [@"f\FF"], "a\C3" = "\C3\A9", "b\FF" = true} : (i32) -> i32 loc("file\FF":1:2)
  // CHECK: tfrt.call @"f\FF"
  %s = tfrt.call @"f\FF"(%r) : (i32) -> i32 loc("n\FF"("x":1:1))
  tfrt.return %s : i32
}
