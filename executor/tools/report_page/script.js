"use strict";
// The report: shows what is in the element `data` (see report_data.py) and fetches nothing. Times are nanoseconds.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const whole = data.kernels.reduce((sum, kernel) => sum + kernel.own, 0) || 1;

  function element(name, attributes = {}, ...children) {
    const found = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    found.append(...children);
    return found;
  }

  function drawn(name, attributes) {
    const found = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    return found;
  }

  function number(value) {
    return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  }

  function scaled(value, units, step) {
    let at = 0;
    while (value >= step && at + 1 < units.length) { value /= step; at += 1; }
    return `${at ? number(value) : value} ${units[at]}`;
  }

  const time = (value) => scaled(value, ["ns", "µs", "ms", "s"], 1000);
  const bytes = (value) => scaled(value, ["B", "KiB", "MiB", "GiB"], 1024);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const orDash = (value, show) => (value === null ? "–" : show(value));
  const heat = (share) => (share >= 0.2 ? 4 : share >= 0.08 ? 3 : share >= 0.02 ? 2 : share >= 0.002 ? 1 : 0);
  const nameOf = (kernel) => kernel.name + (kernel.ops.length ? ` (${kernel.ops.join(", ")})` : "");

  // What is chosen: a kernel, by its index; each part shows it.
  let chosen = null;
  const onChoice = [];
  function choose(index) {
    chosen = index;
    for (const show of onChoice) show();
  }

  function showSummary() {
    byId("title").textContent = data.title;
    const runs = data.kernels.reduce((sum, kernel) => sum + kernel.runs, 0);
    const facts = {
      "time": time(data.duration), "time of kernels": time(whole), "runs of kernels": runs,
      "binding kernels": time(data.bindings.reduce((sum, [, , , duration]) => sum + duration, 0)),
      "requests": data.requests.length, "threads": data.threads.length, "most memory held": bytes(data.most_bytes),
    };
    for (const [name, value] of Object.entries(facts)) {
      byId("summary").append(element("div", {}, element("dt", {}, name), element("dd", {}, String(value))));
    }
  }

  // The timeline. Runs are [thread, kernel, start, duration], in the order of their start.
  const view = { start: 0, end: Math.max(1, data.duration) };
  const canvas = byId("lanes");
  const LANE = 20, HEAD = 18;
  const gutter = () => (canvas.clientWidth < 600 ? 76 : 96);
  const momentAt = (event) => {
    const box = canvas.getBoundingClientRect(), left = gutter();
    return view.start + ((event.clientX - box.left - left) / (box.width - left)) * (view.end - view.start);
  };
  const lanes = layOut();
  let current = null;

  function layOut() {
    // On each thread a run is in the row below the one that it is within; requests have rows of their own, on top.
    const rows = [], ends = new Map(), placed = [];
    const rowOf = (thread, depth) => {
      const key = `${thread}/${depth}`;
      if (!ends.has(key)) { ends.set(key, rows.length); rows.push({ thread, depth }); }
      return key;
    };
    const open = new Map();
    const bindings = data.bindings.map(([thread, name, start, duration]) => [thread, null, start, duration, name]);
    const pieces = [...data.runs, ...bindings].sort((a, b) => a[2] - b[2] || b[3] - a[3]);
    pieces.forEach(([thread, kernel, start, duration, name]) => {
      const around = open.get(thread) ?? [];
      while (around.length && around[around.length - 1] <= start) around.pop();
      placed.push({ kernel, name, start, end: start + duration, key: rowOf(thread, around.length), thread });
      around.push(start + duration);
      open.set(thread, around);
    });
    const requests = [];
    data.requests.forEach(([name, start, duration, outcome]) => {
      let row = requests.findIndex((end) => end <= start);
      if (row < 0) { row = requests.length; requests.push(0); }
      requests[row] = start + duration;
      placed.push({ kernel: null, name: outcome ? `${name} (${outcome})` : name, start, end: start + duration, row });
    });
    rows.sort((a, b) => a.thread - b.thread || a.depth - b.depth);
    const at = new Map(rows.map((row, index) => [`${row.thread}/${row.depth}`, index]));
    const shown = Math.min(requests.length, 6);
    for (const slice of placed) if (slice.key) slice.row = at.get(slice.key) + shown;
    const labels = rows.map((row) => (row.depth ? "" : data.threads[row.thread].replace(/^tfrt-/, "")));
    return {
      slices: placed.filter((slice) => slice.key || slice.row < shown),
      labels: [...Array.from({ length: shown }, (_, index) => (index ? "" : "requests")), ...labels],
    };
  }

  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function drawTimeline() {
    const width = canvas.clientWidth, height = HEAD + lanes.labels.length * (LANE + 2) + 4;
    const dense = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = width * dense;
    canvas.height = height * dense;
    const pen = canvas.getContext("2d");
    pen.scale(dense, dense);
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const first = gutter();
    const x = (moment) => first + ((moment - view.start) / (view.end - view.start)) * (width - first);
    pen.fillStyle = color("--soft");
    lanes.labels.forEach((label, row) => pen.fillText(label, 4, HEAD + row * (LANE + 2) + LANE / 2, first - 8));
    pen.beginPath();
    pen.rect(first, 0, width - first, height);
    pen.clip();
    drawScale(pen, x, width - first, height);
    const heats = [0, 1, 2, 3, 4].map((step) => color(`--heat-${step}`));
    const dark = color("--on-heat-dark"), light = color("--on-heat-light");
    const line = color("--line"), mark = color("--mark");
    for (const slice of lanes.slices) {
      if (slice.end < view.start || slice.start > view.end) continue;
      const left = Math.max(first - 1, x(slice.start)), right = Math.min(width + 1, x(slice.end));
      const top = HEAD + slice.row * (LANE + 2), wide = Math.max(1, right - left);
      const kernel = slice.kernel === null ? null : data.kernels[slice.kernel];
      const step = kernel === null ? 0 : heat(kernel.own / whole);
      pen.fillStyle = heats[step];
      pen.fillRect(left, top, wide, LANE);
      if (wide > 3) { pen.strokeStyle = line; pen.strokeRect(left + .5, top + .5, wide - 1, LANE - 1); }
      if (wide > 40) {
        pen.fillStyle = step > 2 ? dark : light;
        pen.save();
        pen.beginPath();
        pen.rect(left, top, wide - 2, LANE);
        pen.clip();
        pen.fillText(kernel === null ? slice.name : nameOf(kernel), Math.max(left, first) + 4, top + LANE / 2);
        pen.restore();
      }
      if (kernel !== null && (slice === current || slice.kernel === chosen)) {
        pen.strokeStyle = mark;
        pen.lineWidth = slice === current ? 3 : 1.5;
        pen.strokeRect(left + 1, top + 1, Math.max(2, wide - 2), LANE - 2);
        pen.lineWidth = 1;
      }
    }
    byId("span").textContent = `${time(view.start)} to ${time(view.end)}`;
  }

  function drawScale(pen, x, width, height) {
    const rough = (view.end - view.start) / Math.max(2, width / 110);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough));
    for (let moment = Math.ceil(view.start / step) * step; moment <= view.end; moment += step) {
      pen.fillStyle = color("--line");
      pen.fillRect(x(moment), 0, 1, height);
      pen.fillStyle = color("--soft");
      pen.fillText(time(moment), x(moment) + 3, HEAD / 2);
    }
  }

  function look(start, end) {
    const size = Math.min(Math.max(end - start, 100), Math.max(1, data.duration));
    view.start = Math.min(Math.max(0, Math.round(start)), Math.max(0, data.duration - size));
    view.end = view.start + Math.max(1, size);
    drawTimeline();
  }

  function zoom(factor, around = (view.start + view.end) / 2) {
    look(around - (around - view.start) * factor, around + (view.end - around) * factor);
  }

  function move(share) {
    const by = share * (view.end - view.start);
    look(view.start + by, view.end + by);
  }

  const VIEWS = {
    in: () => zoom(1 / 2), out: () => zoom(2), left: () => move(-0.25), right: () => move(0.25),
    all: () => look(0, data.duration),
  };

  function select(slice) {
    if (!slice || slice.kernel === null) return;
    current = slice;
    const kernel = data.kernels[slice.kernel];
    byId("selected").textContent = `${nameOf(kernel)}, ${time(slice.end - slice.start)} from ${time(slice.start)}, on ` +
      `${data.threads[slice.thread]}, stream ${kernel.stream}, ${kernel.place}` +
      (kernel.shapes.length ? `, shapes ${kernel.shapes.join(", ")}` : "");
    const size = view.end - view.start;
    if (slice.end < view.start || slice.start > view.end) look(slice.start - size / 2, slice.start + size / 2);
    choose(slice.kernel);
  }

  function step(by) {
    const runs = lanes.slices.filter((slice) => slice.kernel !== null);
    const at = current === null ? (by > 0 ? -1 : runs.length) : runs.indexOf(current);
    select(runs[Math.min(runs.length - 1, Math.max(0, at + by))]);
  }

  function sliceAt(event) {
    const box = canvas.getBoundingClientRect();
    const moment = momentAt(event);
    const row = Math.floor((event.clientY - box.top - HEAD) / (LANE + 2));
    const near = (3 / (box.width - gutter())) * (view.end - view.start);
    return lanes.slices.find((s) => s.row === row && s.start - near <= moment && moment <= s.end + near);
  }

  function listenToTimeline() {
    for (const button of document.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => VIEWS[button.dataset.view]());
    }
    const keys = {
      ArrowRight: () => step(1), ArrowLeft: () => step(-1), "+": VIEWS.in, "=": VIEWS.in, "-": VIEWS.out, 0: VIEWS.all,
      Enter: () => current && goToRow(current.kernel),
    };
    canvas.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (act && !event.ctrlKey && !event.metaKey) { act(); event.preventDefault(); }
    });
    let drag = null;
    canvas.addEventListener("pointerdown", (event) => { drag = { at: event.clientX, moved: false }; });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag || !event.buttons) return;
      const by = drag.at - event.clientX;
      if (Math.abs(by) < 4 && !drag.moved) return;
      drag = { at: event.clientX, moved: true };
      move(by / (canvas.clientWidth - gutter()));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) select(sliceAt(event));
      drag = null;
    });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, momentAt(event));
    }, { passive: false });
    window.addEventListener("resize", drawTimeline);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTimeline);
    if (data.runs_left_out) byId("left-out").textContent = `The ${data.runs_left_out} shortest runs are not shown.`;
    onChoice.push(drawTimeline);
  }

  // Memory and queue: steps over the whole time.
  function drawCurve(svg, caption, points, show, what) {
    const most = Math.max(1, ...points.map(([, value]) => value));
    const duration = Math.max(1, data.duration);
    svg.setAttribute("viewBox", "0 0 1000 100");
    let path = "M0,100", last = 0;
    for (const [moment, value] of points) {
      const x = (1000 * moment / duration).toFixed(2);
      path += ` L${x},${(100 - 95 * last / most).toFixed(2)} L${x},${(100 - 95 * value / most).toFixed(2)}`;
      last = value;
    }
    svg.append(drawn("path", { d: `${path} L1000,${(100 - 95 * last / most).toFixed(2)} L1000,100 Z` }));
    const peak = points.reduce((best, point) => (point[1] > best[1] ? point : best), [0, 0]);
    byId(caption).textContent = points.length
      ? `${what}: at most ${show(peak[1])}, at ${time(peak[0])}; from 0 to ${time(data.duration)}`
      : `${what}: none`;
  }

  // The table.
  const COLUMNS = [
    { title: "Kernel", value: (k) => nameOf(k), text: (k) => nameOf(k) },
    { title: "Time", value: (k) => k.own, text: (k) => time(k.own) },
    { title: "Share", value: (k) => k.own, text: (k) => percent(k.own / whole), bar: true },
    { title: "Runs", value: (k) => k.runs, text: (k) => String(k.runs) },
    { title: "Median", value: (k) => k.median, text: (k) => time(k.median), wide: true },
    { title: "Queued", value: (k) => k.queued, text: (k) => time(k.queued), wide: true },
    { title: "Bytes", value: (k) => k.bytes ?? -1, text: (k) => orDash(k.bytes, bytes), wide: true },
    { title: "GB/s", value: (k) => k.gb_per_s ?? -1, text: (k) => orDash(k.gb_per_s, number), wide: true },
    { title: "GFLOP/s", value: (k) => k.gflop_per_s ?? -1, text: (k) => orDash(k.gflop_per_s, number) },
  ];
  let sorted = { column: COLUMNS[1], down: true };
  const rows = new Map();

  function makeTable() {
    for (const column of COLUMNS) {
      const button = element("button", { type: "button" }, column.title);
      button.addEventListener("click", () => {
        const down = sorted.column === column ? !sorted.down : column !== COLUMNS[0];
        sorted = { column, down };
        fillTable();
      });
      column.head = element("th", { scope: "col", ...(column.wide ? { class: "wide" } : {}) }, button);
      document.querySelector("#table thead tr").append(column.head);
    }
    data.kernels.forEach((kernel, index) => rows.set(index, tableRow(kernel, index)));
    byId("filter").addEventListener("input", fillTable);
    onChoice.push(() => rows.forEach((row, index) => row.classList.toggle("chosen", index === chosen)));
    fillTable();
  }

  function tableRow(kernel, index) {
    const row = element("tr");
    for (const column of COLUMNS) {
      const cell = element("td", column.wide ? { class: "wide" } : {});
      if (column === COLUMNS[0]) {
        const button = element("button", { type: "button" }, column.text(kernel));
        button.addEventListener("click", () => choose(index));
        const failed = kernel.failed ? `, ${kernel.failed} failed` : "";
        cell.append(button, element("small", {}, `${kernel.place}, stream ${kernel.stream}${failed}`));
      } else {
        cell.append(column.text(kernel));
      }
      if (column.bar) {
        const bar = element("i");
        bar.style.width = `${100 * kernel.own / whole}%`;
        cell.append(" ", element("span", { class: "bar", "aria-hidden": "true" }, bar));
      }
      row.append(cell);
    }
    return row;
  }

  function fillTable() {
    const wanted = byId("filter").value.toLowerCase();
    const order = data.kernels.map((kernel, index) => ({ kernel, index }))
      .filter(({ kernel }) => `${nameOf(kernel)} ${kernel.place}`.toLowerCase().includes(wanted));
    const sign = sorted.down ? -1 : 1;
    order.sort((a, b) => {
      const [left, right] = [sorted.column.value(a.kernel), sorted.column.value(b.kernel)];
      return left < right ? -sign : left > right ? sign : a.index - b.index;
    });
    document.querySelector("#table tbody").replaceChildren(...order.map(({ index }) => rows.get(index)));
    for (const column of COLUMNS) {
      const is = column === sorted.column;
      column.head.setAttribute("aria-sort", is ? (sorted.down ? "descending" : "ascending") : "none");
      column.head.firstChild.textContent = column.title + (is ? (sorted.down ? " ▼" : " ▲") : "");
    }
    byId("shown").textContent = `${order.length} of ${data.kernels.length}`;
  }

  function goToRow(index) {
    byId("filter").value = "";
    fillTable();
    rows.get(index).querySelector("button").focus();
  }

  // Functions, as graphs: a row a kernel, a column of dots a stream.
  const ROW = 28, COLUMN = 22;
  function makeFunctions() {
    data.functions.forEach((f, index) => byId("function").append(element("option", { value: index },
      `${f.name}, ${time(f.own)}, ${percent(f.own / whole)}`)));
    byId("function").addEventListener("change", drawGraph);
    onChoice.push(() => {
      const at = chosen === null ? -1 : data.functions.findIndex((f) => f.index === data.kernels[chosen].function);
      if (at >= 0) byId("function").value = at;
      drawGraph();
      byId("graph").querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
    });
    drawGraph();
  }

  function drawGraph() {
    const graph = byId("graph"), f = data.functions[Number(byId("function").value || 0)];
    if (!f) { graph.replaceChildren("No kernel has run."); return; }
    const streams = [...new Set(f.nodes.map(([, stream]) => stream))].sort((a, b) => a - b);
    const width = 14 + streams.length * COLUMN, height = f.nodes.length * ROW;
    const svg = drawn("svg", { width, height, "aria-hidden": "true" });
    const x = (node) => 14 + streams.indexOf(f.nodes[node - 1][1]) * COLUMN, y = (node) => (node - .5) * ROW;
    for (const [from, to] of f.edges) {
      const bend = x(from) === x(to) ? Math.min(10, 3 + (to - from)) : 0;
      const middle = (y(from) + y(to)) / 2;
      const d = `M${x(from)},${y(from)} C${x(from) + bend},${middle} ${x(to) + bend},${middle} ${x(to)},${y(to)}`;
      const ends = [from, to].map((node) => f.nodes[node - 1][2]);
      const of = chosen !== null && ends.includes(chosen);
      svg.append(drawn("path", of ? { d, class: "of-chosen" } : { d }));
    }
    const list = f.nodes.map(([name, stream, index], at) => {
      const kernel = index === null ? null : data.kernels[index], share = kernel ? kernel.own / (f.own || 1) : 0;
      svg.append(drawn("circle", { cx: x(at + 1), cy: y(at + 1), r: 6, class: `heat-${heat(share)}` }));
      const bar = element("i");
      bar.style.width = `${100 * share}%`;
      const parts = [
        element("span", { class: "time" }, kernel ? time(kernel.own) : "–"),
        element("span", { class: "bar", "aria-hidden": "true" }, bar),
        element("span", kernel ? {} : { class: "never" }, kernel ? nameOf(kernel) : `${name}, has not run`),
      ];
      const button = element("button", { type: "button", "aria-label":
        `${kernel ? nameOf(kernel) : name}, stream ${stream}, ${kernel ? percent(share) : "has not run"}` }, ...parts);
      button.style.paddingLeft = `${width}px`;
      if (kernel) button.addEventListener("click", () => choose(index));
      return element("div", { class: index !== null && index === chosen ? "row chosen" : "row" }, button);
    });
    graph.replaceChildren(svg, ...list);
  }

  // The source, with the share of each line.
  function makeSource() {
    data.sources.forEach((source, index) => byId("file").append(element("option", { value: index }, source.name)));
    if (!data.sources.length) byId("no-source").textContent = "No source file is at hand; see --source-root.";
    byId("file").addEventListener("change", drawSource);
    onChoice.push(() => {
      const kernel = chosen === null ? null : data.kernels[chosen];
      const at = kernel === null ? -1 : data.sources.findIndex((source) => source.name === kernel.file);
      if (at < 0) return;
      if (Number(byId("file").value) !== at) { byId("file").value = at; drawSource(); }
      byId("lines").querySelectorAll(".chosen").forEach((line) => line.classList.remove("chosen"));
      const line = byId("lines").children[kernel.line - 1];
      if (!line) return;
      line.classList.add("chosen");
      byId("lines").scrollTop = line.offsetTop - byId("lines").offsetTop - byId("lines").clientHeight / 3;
    });
    drawSource();
  }

  function drawSource() {
    const source = data.sources[Number(byId("file").value || 0)];
    if (!source) return;
    let hottest = null;
    const lines = source.lines.map((text, index) => {
      const own = source.times[index + 1] ?? 0, step = heat(own / whole);
      const line = element("div", { class: step >= 2 ? "code hot" : "code" },
        element("span", { class: "number" }, String(index + 1)),
        element("span", { class: own ? `share heat-${step}` : "share" }, own ? percent(own / whole) : ""),
        element("span", { class: "text" }, text));
      if (own > (hottest?.own ?? 0)) hottest = { own, line };
      return line;
    });
    const box = byId("lines");
    box.replaceChildren(...lines);
    if (hottest) box.scrollTop = hottest.line.offsetTop - box.offsetTop - box.clientHeight / 3;
  }

  showSummary();
  listenToTimeline();
  drawCurve(byId("memory-chart"), "memory-caption", data.memory, bytes, "Memory of arrays that are still to be used");
  drawCurve(byId("queue-chart"), "queue-caption", data.queue, String, "Tasks that wait in work queues");
  makeTable();
  makeFunctions();
  makeSource();
  drawTimeline();
})();
