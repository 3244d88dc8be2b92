// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t | filecheck %s
// RUN: bef-run %t --no-plans | filecheck %s
// RUN: bef-run %t --plan-threshold 0 | filecheck %s
// RUN: bef-run %t --dump-plan | filecheck %s --check-prefix=DUMP
// RUN: bef-run %t --dump-plan --plan-threshold 7 | filecheck %s --check-prefix=THRESHOLD

// THRESHOLD: # A function is generated after 7 runs or iterations (--plan-threshold).

// CHECK-LABEL: --- Running 'count':
// CHECK-NEXT: int32 = 1
// CHECK-NEXT: int32 = 2
// CHECK-NEXT: int32 = 4
// CHECK-NEXT: 'count' returned !tfrt.chain value

// DUMP: def f{{[0-9]+}}_count(context):
// DUMP: for s1_index in range(s1_total):
// DUMP-NEXT: if context.cancellation is not None: exit{{[0-9]+}}(
// DUMP: k{{[0-9]+}}_tfrt_print_i32(
// DUMP-SAME: plans.mlir:27:16 tfrt.print.i32
func.func @count() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %three = tfrt.constant.i32 3
  %one = tfrt.constant.i32 1
  %last, %done = tfrt.repeat.i32 %three, %one, %ch0 : i32, !tfrt.chain {
    %next = tfrt.add.i32 %one, %one
    %printed = tfrt.print.i32 %one, %ch0
    tfrt.return %next, %printed : i32, !tfrt.chain
  }
  tfrt.return %done : !tfrt.chain
}
