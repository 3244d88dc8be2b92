// RUN: tfrt-opt --keep-value-names %s -p canonicalize | filecheck %s

// CHECK-LABEL: func.func @taken
// CHECK-NEXT: %y = tfrt.add.i32 %x, %x
// CHECK-NEXT: tfrt.return %y : i32
func.func @taken(%x: i32) -> i32 {
  %t = tfrt.constant.i1 true
  %r = tfrt.if %t, %x : (i32) -> (i32) {
    %y = tfrt.add.i32 %x, %x
    tfrt.return %y : i32
  } else {
    tfrt.return %x : i32
  }
  tfrt.return %r : i32
}

// CHECK-LABEL: func.func @otherwise
// CHECK-NEXT: tfrt.call @g(%x)
func.func @otherwise(%x: i32) -> i32 {
  %f = tfrt.constant.i1 false
  %r = tfrt.cond %f @taken @g (%x) : (i32) -> (i32)
  tfrt.return %r : i32
}
func.func private @g(i32) -> i32

// An index out of range means the last one.
// CHECK-LABEL: func.func @cases
// CHECK-NEXT: tfrt.call @taken(%x)
// CHECK-NEXT: tfrt.call @g(%x)
func.func @cases(%x: i32) -> (i32, i32) {
  %zero = tfrt.constant.i32 0
  %nine = tfrt.constant.i32 9
  %a = tfrt.case %zero [@taken, @g] (%x) : (i32) -> (i32)
  %b = tfrt.case %nine [@taken, @g] (%x) : (i32) -> (i32)
  tfrt.return %a, %b : i32, i32
}

// CHECK-LABEL: func.func @loops
// CHECK-NEXT: %y = tfrt.add.i32 %x, %x
// CHECK-NEXT: tfrt.return %x, %y : i32, i32
func.func @loops(%x: i32) -> (i32, i32) {
  %zero = tfrt.constant.i32 0
  %one = tfrt.constant.i32 1
  %never = tfrt.repeat.i32 %zero, %x : i32 {
    %y = tfrt.add.i32 %x, %x
    tfrt.return %y : i32
  }
  %once = tfrt.repeat.i32 %one, %x : i32 {
    %y = tfrt.add.i32 %x, %x
    tfrt.return %y : i32
  }
  tfrt.return %never, %once : i32, i32
}

// The region's print would run even where %x is an error.
// CHECK-LABEL: func.func @stays
// CHECK: tfrt.if
func.func @stays(%x: i32) -> i32 {
  %t = tfrt.constant.i1 true
  %r = tfrt.if %t, %x : (i32) -> (i32) {
    %n = tfrt.new.chain
    %one = tfrt.constant.i32 1
    %p = tfrt.print.i32 %one, %n
    tfrt.return %x : i32
  } else {
    tfrt.return %x : i32
  }
  tfrt.return %r : i32
}
