// RUN: tfrt-opt --keep-value-names %s --allow-unregistered-dialect --verify-roundtrip | filecheck %s

// One name for several results; each is `#` and its number.
// CHECK-LABEL: func.func @packs
func.func @packs(%a: i32) -> (i32, i32) {
  // CHECK: %q:2 = tfrt.div.i32 %a, %a
  %q:2 = tfrt.div.i32 %a, %a
  // CHECK: %sum = tfrt.add.i32 %q#0, %q#1
  %sum = tfrt.add.i32 %q#0, %q#1
  // CHECK: %one, %three:3, %{{.*}} = "x.many"(%sum)
  %one, %three:3, %last = "x.many"(%sum) : (i32) -> (i32, i32, i64, f32, i1)
  // CHECK: "x.use"(%one, %three#2, %{{.*}}) : (i32, f32, i1) -> ()
  "x.use"(%one, %three#2, %last) : (i32, f32, i1) -> ()
  // CHECK: tfrt.return %q#1, %three#0 : i32, i32
  tfrt.return %q#1, %three#0 : i32, i32
}
