// RUN: tfrt-opt %s --allow-unregistered-dialect --verify-roundtrip | filecheck %s

func.func @attributes() {
  // CHECK: {a = true, b = false, c = 1 : i8, d = -2 : i16, e = 3 : ui8, f = 7 : i64, g = 255 : i32}
  "x.op"() {a = true, b = false, c = 1 : i8, d = -2 : i16, e = 3 : ui8, f = 7, g = 0xFF : i32} : () -> ()
  // CHECK-NEXT: {a = 1.500000e+00 : bf16, b = 1.000000e-01 : f32, c = 2.500000e+00 : f64, d = 0x7FC00000 : f32}
  "x.op"() {a = 1.5 : bf16, b = 0.1 : f32, c = 2.5, d = 0x7FC00000 : f32} : () -> ()
  // CHECK-NEXT: {a = "", b = "say \22hi\22\0A", c = "na\C3\AFve"}
  "x.op"() {a = "", b = "say \"hi\"\n", c = "naïve"} : () -> ()
  // CHECK-NEXT: {a = i32, b = complex<f32>, c = !corert.string, d, e = [i32, f64], f = [], g = [[1 : i32], ["x"]]}
  "x.op"() {a = i32, b = complex<f32>, c = !corert.string, d, e = [i32, f64], f = [], g = [[1 : i32], ["x"]]} : () -> ()
  // CHECK-NEXT: {a = #corert.shape<1x2>, b = #corert.shape<?x4>, c = #corert.shape<*>}
  "x.op"() {a = #corert.shape<1x2>, b = #corert.shape<?x4>, c = #corert.shape<*>} : () -> ()
  // CHECK-NEXT: {a = {x = 1 : i32, y = {}}, b = @attributes, c = [@attributes]}
  "x.op"() {a = {y = {}, x = 1 : i32}, b = @attributes, c = [@attributes]} : () -> ()
  // Attributes print in alphabetical order, whatever the order they were written in.
  // CHECK-NEXT: {a = 1 : i32, b = 2 : i32, c = 3 : i32}
  "x.op"() {c = 3 : i32, a = 1 : i32, b = 2 : i32} : () -> ()
  tfrt.return
}
