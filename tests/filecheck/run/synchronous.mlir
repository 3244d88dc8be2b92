// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=area | filecheck %s
// RUN: bef-run %t --function=square --input=-7 --expected_output=49

// CHECK: 'area' returned 12
func.func @area() -> i32 attributes {tfrt.sync} {
  %w = "tfrt.constant_s.i32"() {value = 3 : i32} : () -> i32
  %h = "tfrt.constant_s.i32"() {value = 4 : i32} : () -> i32
  %a = "tfrt.mul_s.i32"(%w, %h) : (i32, i32) -> i32
  tfrt.return %a : i32
}

func.func @square(%x: i32) -> i32 attributes {tfrt.sync} {
  %y = "tfrt.mul_s.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %y : i32
}
