// RUN: not --exit-code 1 tfrt-translate --mlir-to-bef %s 2>&1 | filecheck %s
// RUN: not --exit-code 2 tfrt-translate --bef-to-mlir %s 2>&1 | filecheck %s --check-prefix=BEF
// RUN: not --exit-code 2 bef-run %s 2>&1 | filecheck %s --check-prefix=TEXT

// CHECK: refused.mlir:9:3: error: BEF files cannot encode the 'bad' attribute
// BEF: tfrt-translate: '{{.*}}refused.mlir': invalid BEF file:
// TEXT: bef-run: '{{.*}}refused.mlir' is MLIR text; compile it first: tfrt-translate --mlir-to-bef
func.func @f() {
  "x.op"() {bad = 1 : i7} : () -> ()
  tfrt.return
}
