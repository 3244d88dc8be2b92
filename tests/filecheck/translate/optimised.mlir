// RUN: tfrt-translate -O0 %s | tfrt-translate --bef-to-mlir --mlir-print-op-generic | filecheck %s --check-prefix=O0
// RUN: tfrt-translate -O1 %s | tfrt-translate --bef-to-mlir --mlir-print-op-generic | filecheck %s --check-prefix=O1
// RUN: tfrt-translate -O2 %s | tfrt-translate --bef-to-mlir --mlir-print-op-generic | filecheck %s --check-prefix=O2
// RUN: tfrt-translate -p 'func.func(canonicalize,cse)' %s | tfrt-translate --bef-to-mlir --mlir-print-op-generic | filecheck %s --check-prefix=O1
// RUN: tfrt-translate -O2 %s | bef-run | filecheck %s --check-prefix=OUT
// RUN: not --exit-code 2 tfrt-translate -O1 -O2 %s 2>&1 | filecheck %s --check-prefix=TWICE
// RUN: not --exit-code 2 tfrt-translate --bef-to-mlir -O1 %s 2>&1 | filecheck %s --check-prefix=BACK
// RUN: not --exit-code 2 tfrt-translate -p canonicalise %s 2>&1 | filecheck %s --check-prefix=UNKNOWN

// TWICE: tfrt-translate: argument -O2: not allowed with argument -O1
// BACK: tfrt-translate: passes run on MLIR text, not on BEF files: -O and -p go with --mlir-to-bef
// UNKNOWN: tfrt-translate: unknown pass 'canonicalise'; did you mean 'canonicalize' or

// O0: "tfrt.add.i32"
// O0: "tfrt.call"
// O1-NOT: "tfrt.add.i32"
// O1: "tfrt.call"
// O2-NOT: "tfrt.call"
// OUT: int32 = 7
func.func @main() -> !tfrt.chain {
  %a = tfrt.constant.i32 3
  %b = tfrt.constant.i32 4
  %c = tfrt.add.i32 %a, %b
  %ch = tfrt.new.chain
  %d = tfrt.call @show(%c, %ch) : (i32, !tfrt.chain) -> !tfrt.chain
  tfrt.return %d : !tfrt.chain
}
func.func @show(%x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %d = tfrt.print.i32 %x, %ch
  tfrt.return %d : !tfrt.chain
}
