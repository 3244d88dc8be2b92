// RUN: tfrt-opt --keep-value-names %s -p schedule | filecheck %s
// RUN: tfrt-opt --keep-value-names %s -O2 | filecheck %s --check-prefix=O2
// RUN: tfrt-opt --keep-value-names %s -O1 | filecheck %s --check-prefix=O1
// RUN: tfrt-opt --keep-value-names %s -p schedule --print-debuginfo | filecheck %s --check-prefix=WHERE

// What runs elsewhere starts first, after what it needs. The others keep their order, and what needs it comes last.
// CHECK-LABEL: func.func @starts_first
// CHECK-NEXT: %p = tfrt.add.i32
// CHECK-NEXT: %a = "tfrt_test.async_add.i32"
// CHECK-NEXT: %q, %r = tfrt.div.i32
// CHECK-NEXT: tfrt.print.i32 %q, %ch
// CHECK-NEXT: %d = "tfrt.minus.i32"
// CHECK-NEXT: tfrt.print.i32 %x, %c1
// CHECK-NEXT: %s = tfrt.add.i32 %a, %q
// CHECK-NEXT: tfrt.return
// O2-LABEL: func.func @starts_first
// O2-NEXT: %p = tfrt.add.i32
// O2-NEXT: %a = "tfrt_test.async_add.i32"
// O1-LABEL: func.func @starts_first
// O1-NEXT: tfrt.div.i32
// WHERE-LABEL: func.func @starts_first
// WHERE: "tfrt_test.async_add.i32"{{.*}} loc("{{.*}}schedule.mlir":31:8)
// WHERE: tfrt.div.i32 {{.*}} loc("{{.*}}schedule.mlir":25:12)
func.func @starts_first(%x: i32, %ch: !tfrt.chain) -> (i32, i32, !tfrt.chain) {
  %q, %r = tfrt.div.i32 %x, %x
  %c1 = tfrt.print.i32 %q, %ch
  // Nothing that takes long needs this one.
  %d = "tfrt.minus.i32"(%x, %x) : (i32, i32) -> i32
  %c2 = tfrt.print.i32 %x, %c1
  %p = tfrt.add.i32 %x, %x
  %a = "tfrt_test.async_add.i32"(%p, %p) : (i32, i32) -> i32
  %s = tfrt.add.i32 %a, %q
  tfrt.return %s, %d, %c2 : i32, i32, !tfrt.chain
}

// The longer path starts first, as it was measured, or else by the number of kernels on it.
// CHECK-LABEL: func.func @longer_path
// CHECK-NEXT: %b = "tfrt_test.async_add.i32"
// CHECK-NEXT: %c = "tfrt_test.async_add.i32"
// CHECK-NEXT: %a = "tfrt_test.async_add.i32"
// CHECK-NEXT: %d = "tfrt_test.async_add.i32"
func.func @longer_path(%x: i32) -> (i32, i32, i32) {
  %a = "tfrt_test.async_add.i32"(%x, %x) {_tfrt_measured_cost = 50 : i64} : (i32, i32) -> i32
  %b = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  %c = "tfrt_test.async_add.i32"(%x, %x) {_tfrt_measured_cost = 800 : i64} : (i32, i32) -> i32
  %d = "tfrt_test.async_add.i32"(%b, %x) : (i32, i32) -> i32
  tfrt.return %a, %c, %d : i32, i32, i32
}

// Among kernels that run here, the expensive ones that others wait for come first.
// CHECK-LABEL: func.func @expensive
// CHECK-NEXT: %b, %b2 = tfrt.div.i32
// CHECK-NEXT: %c, %c2 = tfrt.div.i32
// CHECK-NEXT: %a, %a2 = tfrt.div.i32
// CHECK-NEXT: %d, %d2 = tfrt.div.i32
func.func @expensive(%x: i32) -> (i32, i32, i32) {
  %a, %a2 = tfrt.div.i32 %x, %x {_tfrt_measured_cost = 99 : i64}
  %b, %b2 = tfrt.div.i32 %x, %x {_tfrt_measured_cost = 500 : i64}
  %d, %d2 = tfrt.div.i32 %x, %x
  %c, %c2 = tfrt.div.i32 %b, %x {_tfrt_measured_cost = 100 : i64}
  tfrt.return %a, %c, %d : i32, i32, i32
}

// Nothing orders the two that print, so nothing may be said about when anything runs.
// CHECK-LABEL: func.func @unordered
// CHECK-NEXT: tfrt.print.i32
// CHECK-NEXT: tfrt.print.i32
// CHECK-NEXT: tfrt.call @called
// CHECK-NEXT: async_add
func.func @unordered(%x: i32, %ch: !tfrt.chain) -> (i32, i32) {
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt.print.i32 %x, %ch
  %b, %c3 = tfrt.call @called(%x, %ch) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %a = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %a, %b : i32, i32
}

// Its own effects have an order, but there is none with those of its caller.
// CHECK-LABEL: func.func @called
// CHECK-NEXT: tfrt.print.i32
// CHECK-NEXT: async_add
func.func @called(%x: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %c1 = tfrt.print.i32 %x, %ch
  %a = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %a, %c1 : i32, !tfrt.chain
}

// Kernels that are not known here may do anything.
// CHECK-LABEL: func.func @unknown
// CHECK-NEXT: my.kernel
// CHECK-NEXT: my.kernel
// CHECK-NEXT: async_add
func.func @unknown(%x: i32) -> i32 {
  "tfrt_test.my.kernel"(%x) : (i32) -> ()
  "tfrt_test.my.kernel"(%x) : (i32) -> ()
  %a = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %a : i32
}

// A call takes long if what it calls does; so does a loop around it. Regions are blocks of their own.
// CHECK-LABEL: func.func @calls
// CHECK-NEXT: %d = tfrt.repeat.i32 %x, %x : i32 {
// CHECK-NEXT: tfrt.call @waits
// CHECK-NEXT: tfrt.div.i32
// CHECK: %b = tfrt.call @waits
// CHECK-NEXT: tfrt.div.i32
// CHECK-NEXT: %c = tfrt.call @is_quick
func.func @calls(%x: i32) -> (i32, i32, i32, i32) {
  %q, %r = tfrt.div.i32 %x, %x
  %c = tfrt.call @is_quick(%x) : (i32) -> i32
  %d = tfrt.repeat.i32 %x, %x : i32 {
    %s, %t = tfrt.div.i32 %x, %x
    %e = tfrt.call @waits(%x) : (i32) -> i32
    %f = tfrt.add.i32 %s, %e
    tfrt.return %f : i32
  }
  %b = tfrt.call @waits(%x) : (i32) -> i32
  tfrt.return %q, %c, %d, %b : i32, i32, i32, i32
}
func.func @waits(%x: i32) -> i32 {
  %a = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %a : i32
}
func.func @is_quick(%x: i32) -> i32 {
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}

// In a synchronous function the first error counts.
// CHECK-LABEL: func.func @sync
// CHECK-NEXT: tfrt.div.i32
// CHECK-NEXT: async_add
func.func @sync(%x: i32) -> i32 attributes {tfrt.sync} {
  %q, %r = tfrt.div.i32 %x, %x
  %a = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %a : i32
}
