// RUN: tfrt-opt %s --verify-diagnostics
// RUN: tfrt-opt %s --allow-unregistered-dialect | filecheck %s

func.func @f() {
  // CHECK: "nobody.knows"() : () -> ()
  // expected-error@+1 {{op 'nobody.knows' is of an unregistered dialect}}
  "nobody.knows"() : () -> ()
  tfrt.return
}
