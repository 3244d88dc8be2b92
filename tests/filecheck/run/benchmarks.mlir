// What is measured differs from run to run; what is printed about it does not.
// RUN: tfrt-translate --mlir-to-bef %s -o %t
// RUN: bef-run %t --functions=region,function | filecheck %s
// RUN: bef-run %t --functions=region,function --work_queue_type=mstd:2 | filecheck %s
// RUN: bef-run %t --functions=failing 2>&1 | filecheck %s --check-prefix=FAILING

// CHECK-LABEL: --- Running 'region':
// CHECK-NEXT: BM:add:Duration(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:Count: 3
// CHECK-NEXT: BM:add:Time Min(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:Time 50%(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:Time 95%(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:Time 99%(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:CPU Min(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:CPU 50%(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:CPU 95%(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:CPU 99%(ns): {{[0-9]+}}
// CHECK-NEXT: BM:add:CPU utilization(percent): {{[0-9.e+]+}}
// CHECK-NEXT: int32 = 5
// CHECK-NEXT: 'region' returned !tfrt.chain value
func.func @region() -> !tfrt.chain {
  %runs = "tfrt_test.atomic.create.i32"() : () -> !test.atomic.i32
  %ch0 = tfrt.new.chain
  %ch1 = tfrt_test.benchmark "add"(%runs : !test.atomic.i32, %ch0 : !tfrt.chain)
      duration_secs = 60, max_count = 3, num_warmup_runs = 2 {
    %ch = "tfrt_test.atomic.inc.i32"(%runs, %ch0) : (!test.atomic.i32, !tfrt.chain) -> !tfrt.chain
    tfrt.return %ch : !tfrt.chain
  }
  %count, %ch2 = "tfrt_test.atomic.get.i32"(%runs, %ch1) : (!test.atomic.i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %ch3 = tfrt.print.i32 %count, %ch2
  tfrt.return %ch3 : !tfrt.chain
}

func.func @area(%w: i32, %h: i32) attributes {tfrt.sync} {
  %a = "tfrt.mul_s.i32"(%w, %h) : (i32, i32) -> i32
  tfrt.return
}

// CHECK-LABEL: --- Running 'function':
// CHECK-NEXT: BM:area:Duration(ns): {{[0-9]+}}
// CHECK-NEXT: BM:area:Count: 4
// CHECK:      BM:area:CPU utilization(percent): {{[0-9.e+]+}}
func.func @function() attributes {tfrt.sync} {
  %w = "tfrt.constant_s.i32"() {value = 3 : i32} : () -> i32
  tfrt_test.sync_benchmark @area(%w : i32, %w : i32) duration_secs = 60, max_count = 4, num_warmup_runs = 1
  tfrt.return
}

// A run that fails counts as one.
// FAILING: benchmarks.mlir:55:10: error: runtime error: something bad happened asynchronously
// FAILING: BM:fail:Count: 1
func.func @failing() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %ch1 = tfrt_test.benchmark "fail"(%ch0 : !tfrt.chain) duration_secs = 60, max_count = 1, num_warmup_runs = 0 {
    %x = "tfrt_test.report_error_async"() : () -> i32
    tfrt.return %x : i32
  }
  tfrt.return %ch1 : !tfrt.chain
}
