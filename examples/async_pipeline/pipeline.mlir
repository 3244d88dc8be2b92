// Fetches files and counts their words, and lets the two overlap: nothing below says what waits for what but the
// values themselves. While one file is on its way, those that have arrived are counted.
//
//   tfrt-translate examples/async_pipeline/pipeline.mlir | bef-run --kernels examples/async_pipeline/pipeline_kernels.py --work_queue_type mstd:2
//
// `pipeline_kernels.py` has the kernels; `run.py` runs this program and shows who did what when. File names are relative to
// the current folder: the repository's root.

func.func @overlapped() -> (!tfrt.chain, i32) {
  %start = tfrt.new.chain
  %a, %ch1 = tfrt.call @words_of_license(%start) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %b, %ch2 = tfrt.call @words_of_readme(%start) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %c, %ch3 = tfrt.call @words_of_contributing(%start) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %d, %ch4 = tfrt.call @words_of_architecture(%start) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %done = tfrt.merge.chains %ch1, %ch2, %ch3, %ch4 : !tfrt.chain, !tfrt.chain, !tfrt.chain, !tfrt.chain
  %sum = tfrt.call @sum(%a, %b, %c, %d) : (i32, i32, i32, i32) -> i32
  tfrt.return %done, %sum : !tfrt.chain, i32
}

// The same, one file after the other: each call waits for the chain of the one before it.
func.func @sequential() -> (!tfrt.chain, i32) {
  %start = tfrt.new.chain
  %a, %ch1 = tfrt.call @words_of_license(%start) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %b, %ch2 = tfrt.call @words_of_readme(%ch1) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %c, %ch3 = tfrt.call @words_of_contributing(%ch2) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %d, %ch4 = tfrt.call @words_of_architecture(%ch3) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %sum = tfrt.call @sum(%a, %b, %c, %d) : (i32, i32, i32, i32) -> i32
  tfrt.return %ch4, %sum : !tfrt.chain, i32
}

// `pipeline.fetch` blocks, so it runs on the blocking pool and its results are pending until it is done.
func.func @words_of_license(%ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %text, %ch1 = "pipeline.fetch"(%ch) {latency_ms = 300 : i32, path = "LICENSE"} : (!tfrt.chain) -> (!tfrt.string, !tfrt.chain)
  %words = "pipeline.count_words"(%text) : (!tfrt.string) -> i32
  tfrt.return %words, %ch1 : i32, !tfrt.chain
}

func.func @words_of_readme(%ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %text, %ch1 = "pipeline.fetch"(%ch) {latency_ms = 200 : i32, path = "README.md"} : (!tfrt.chain) -> (!tfrt.string, !tfrt.chain)
  %words = "pipeline.count_words"(%text) : (!tfrt.string) -> i32
  tfrt.return %words, %ch1 : i32, !tfrt.chain
}

func.func @words_of_contributing(%ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %text, %ch1 = "pipeline.fetch"(%ch) {latency_ms = 100 : i32, path = "CONTRIBUTING.md"} : (!tfrt.chain) -> (!tfrt.string, !tfrt.chain)
  %words = "pipeline.count_words"(%text) : (!tfrt.string) -> i32
  tfrt.return %words, %ch1 : i32, !tfrt.chain
}

func.func @words_of_architecture(%ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %text, %ch1 = "pipeline.fetch"(%ch) {latency_ms = 250 : i32, path = "docs/architecture.md"} : (!tfrt.chain) -> (!tfrt.string, !tfrt.chain)
  %words = "pipeline.count_words"(%text) : (!tfrt.string) -> i32
  tfrt.return %words, %ch1 : i32, !tfrt.chain
}

func.func @sum(%a: i32, %b: i32, %c: i32, %d: i32) -> i32 {
  %ab = tfrt.add.i32 %a, %b
  %cd = tfrt.add.i32 %c, %d
  %sum = tfrt.add.i32 %ab, %cd
  tfrt.return %sum : i32
}
