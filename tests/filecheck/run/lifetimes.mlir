// RUN: tfrt-translate %s | bef-run | filecheck %s
// RUN: tfrt-translate %s | bef-run --no-plans | filecheck %s
// RUN: tfrt-translate %s | bef-run --plan-threshold 0 | filecheck %s

// A value is dropped after its last use, before the next kernel runs.
func.func private @doubled(%a: !vt.value) -> !vt.value {
  %b = "vt.add"(%a, %a) : (!vt.value, !vt.value) -> !vt.value
  tfrt.return %b : !vt.value
}

// CHECK-LABEL: --- Running 'dropped':
// CHECK: destroyed vt.value(5)
// CHECK: print vt_value(10)
func.func @dropped() -> !tfrt.chain {
  %ch = tfrt.new.chain
  %five = "vt.constant"() {value = 5 : i32} : () -> !vt.value
  %ten = tfrt.call @doubled(%five) : (!vt.value) -> !vt.value
  %ch1 = "vt.print"(%ten, %ch) : (!vt.value, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch1 : !tfrt.chain
}
