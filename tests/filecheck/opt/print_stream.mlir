// RUN: tfrt-opt --tfrt-print-stream --verify-diagnostics %s | filecheck %s
// RUN: tfrt-opt -p 'func.func(tfrt-print-stream)' --verify-diagnostics %s

module attributes {tfrt.cost_threshold = 6 : i64} {

// The entry, which costs 1, triggers both arms; the costlier one goes on to the end.
// expected-remark@below {{stream id: 0, stream cost: 12, parent stream: -1, child streams: [1]}}
func.func @arms(%x: i32) -> i32 {
  // expected-remark@below {{stream id: 1, stream cost: 7, parent stream: 0}}
  %a = tfrt_test.test_cost %x {id = 0 : i64, _tfrt_cost = 7 : i64} : i32
  // expected-remark@below {{stream id: 0, stream cost: 12, parent stream: -1}}
  %b = tfrt_test.test_cost %x {id = 1 : i64, _tfrt_cost = 8 : i64} : i32
  // expected-remark@below {{stream id: 0, stream cost: 12, parent stream: -1}}
  %c = tfrt_test.test_cost %a, %b {id = 2 : i64, _tfrt_cost = 2 : i64} : i32, i32
  // expected-remark@below {{stream id: 0, stream cost: 12, parent stream: -1}}
  tfrt.return %c : i32
}

// Streams start wherever something expensive becomes ready, and show their ops' order.
// expected-remark@below {{stream id: 0, stream cost: 14, parent stream: -1}}
func.func @inner(%x: i32) -> i32 {
  // expected-remark@below {{stream id: 0, stream cost: 14, parent stream: -1, child streams: [2, 1]}}
  %a = tfrt_test.test_cost %x {id = 0 : i64, _tfrt_cost = 3 : i64} : i32
  // expected-remark@below {{stream id: 2, stream cost: 6, parent stream: 0}}
  %b = tfrt_test.test_cost %a {id = 1 : i64, _tfrt_cost = 6 : i64} : i32
  // expected-remark@below {{stream id: 1, stream cost: 7, parent stream: 0}}
  %c = tfrt_test.test_cost %a {id = 2 : i64, _tfrt_cost = 7 : i64} : i32
  // expected-remark@below {{stream id: 0, stream cost: 14, parent stream: -1}}
  %d = tfrt_test.test_cost %a {id = 3 : i64, _tfrt_cost = 9 : i64} : i32
  // expected-remark@below {{stream id: 0, stream cost: 14, parent stream: -1}}
  tfrt.return %d : i32
}

// A disassembled program says what its streams are, and nothing about costs.
// expected-remark-re@below {{{{^stream id: 3$}}}}
func.func @stated() {
  // expected-remark-re@below {{{{^stream id: 7$}}}}
  %ch = "tfrt.new.chain"() {_tfrt_stream = 7 : i64} : () -> !tfrt.chain
  // expected-remark-re@below {{{{^stream id: 3$}}}}
  "tfrt.return"() {_tfrt_stream = 3 : i64} : () -> ()
}

// CHECK-LABEL: func.func private @elsewhere
func.func private @elsewhere(i32)

}
