"use strict";
// Draws the chosen transaction, and zooms the timeline. Texts reach the page as text nodes only.
(() => {
  const trace = JSON.parse(document.getElementById("trace").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const PHASES = [
    ["sends", "host sends"], ["works", "BMC works"], ["receives", "host receives"], ["error", "ERROR"],
  ];
  const MOST_CHANGES = 1500;

  function element(name, attributes = {}, ...children) {
    const made = ["svg", "path", "text", "line", "rect", "title"].includes(name)
      ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function duration(time) {
    const sign = time < 0 ? "−" : "";
    const value = Math.abs(time);
    if (value < 1e3) return `${sign}${value} ns`;
    if (value < 1e6) return `${sign}${(value / 1e3).toFixed(1)} µs`;
    if (value < 1e9) return `${sign}${(value / 1e6).toFixed(2)} ms`;
    return `${sign}${(value / 1e9).toFixed(3)} s`;
  }

  const hex = (value) => value.toString(16).toUpperCase().padStart(2, "0");

  // The signals of a channel: a name, and what a sample says of it.

  const bit = (index, mask) => (s) => (s[index] < 0 ? -1 : s[index] & mask ? 1 : 0);
  const register = (index) => (s) => (s[index] < 0 ? "" : hex(s[index]));
  const interrupts = [
    { name: "host IRQ", irq: true, level: (s) => s[4] }, { name: "BMC IRQ", irq: true, level: (s) => s[5] },
  ];
  const SIGNALS = {
    kcs: [
      { name: "state", state: true, text: (s) => (s[3] < 0 ? "" : ["IDLE", "READ", "WRITE", "ERROR"][s[3] >> 6]) },
      { name: "IDR", text: register(1) }, { name: "ODR", text: register(2) },
      { name: "IBF", level: bit(3, 2) }, { name: "OBF", level: bit(3, 1) },
      { name: "C/D", level: bit(3, 8) }, { name: "SMS_ATN", level: bit(3, 4) }, ...interrupts,
    ],
    bt: [
      { name: "BT_CTRL", text: register(1) }, { name: "H2B_ATN", level: bit(1, 4) },
      { name: "B_BUSY", level: bit(1, 128) }, { name: "B2H_ATN", level: bit(1, 8) },
      { name: "H_BUSY", level: bit(1, 64) }, { name: "SMS_ATN", level: bit(1, 16) },
      { name: "OEM0", level: bit(1, 32) }, { name: "BT_INTMASK", text: register(2) }, ...interrupts,
    ],
  };

  // The changes within a transaction; the first is what was there at its start.
  function changes(transaction) {
    const { samples } = trace.channels[transaction.channel];
    let low = 0;
    let high = samples.length / 6;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (samples[middle * 6] < transaction.start) low = middle + 1; else high = middle;
    }
    const found = [];
    for (let index = Math.max(0, low - 1); index * 6 < samples.length; index++) {
      if (samples[index * 6] > transaction.end) break;
      found.push(samples.slice(index * 6, index * 6 + 6));
    }
    if (found.length && found[0][0] < transaction.start) found[0][0] = transaction.start;
    return found;
  }

  let toScale = false;

  function waveform(transaction) {
    const { kind } = trace.channels[transaction.channel];
    const all = changes(transaction);
    if (!kind) {
      return element("p", {}, "No waveform: this trace has messages only, no registers. "
        + "trace= of the QEMU device, or pair-qemu --trace with a .jsonl, has them.");
    }
    if (all.length < 2) return element("p", {}, "No waveform: no register changed, or it was left out.");
    const shown = all.slice(0, MOST_CHANGES);
    const signals = SIGNALS[kind].filter((signal) =>
      signal.text || shown.some((sample) => signal.level(sample) >= 0));
    const row = 24, top = 22, step = 30;
    const height = top + signals.length * row + 4;
    const start = transaction.start;
    const end = shown.length < all.length ? shown[shown.length - 1][0] : transaction.end;
    const room = Math.max(400, document.getElementById("detail").clientWidth - 120);
    const width = toScale ? room : Math.max(room, shown.length * step);
    const stride = toScale ? 0 : width / shown.length;
    const x = (index) => {
      if (!toScale) return index * stride;
      const time = index < shown.length ? shown[index][0] : end;
      return end > start ? (time - start) / (end - start) * width : 0;
    };
    const svg = element("svg", {
      width, height, role: "img",
      "aria-label": `Waveform of ${shown.length} changes in ${duration(end - start)}; the table below has them`,
    });
    // When: at every change that has room for its time.
    let free = -1;
    shown.forEach((sample, index) => {
      const left = x(index);
      if (left < free || left > width - 60) return;
      svg.append(element("line", { class: "grid", x1: left, x2: left, y1: 0, y2: height }),
        element("text", { class: "time", x: left + 3, y: 12 }, `+${duration(sample[0] - start)}`));
      free = left + 80;
    });
    signals.forEach((signal, line) => {
      const y = top + line * row;
      if (signal.text) bus(svg, signal, shown, x, y); else level(svg, signal, shown, x, y);
    });
    const names = element("div", { class: "names", "aria-hidden": "true" });
    signals.forEach((signal, line) => names.append(
      element("span", { style: `top:${top + line * row}px` }, signal.name)));
    const box = element("input", { type: "checkbox" });
    box.checked = toScale;
    box.addEventListener("change", () => { toScale = box.checked; show(chosen, false); });
    const note = shown.length < all.length ? ` The first ${shown.length} of ${all.length} changes.` : "";
    return element("div", {},
      element("h3", {}, "Registers and interrupt lines"),
      element("p", {}, element("label", {}, box, " time to scale"),
        toScale ? note : ` (each change has the same width.)${note}`),
      element("div", { class: "waveform" }, names,
        element("div", { class: "wave", tabindex: 0, role: "region", "aria-label": "Waveform" }, svg)),
      table(signals, shown, start));
  }

  function bus(svg, signal, shown, x, y) {
    let from = 0;
    for (let index = 1; index <= shown.length; index++) {
      if (index < shown.length && signal.text(shown[index]) === signal.text(shown[from])) continue;
      const left = x(from), right = x(index), text = signal.text(shown[from]);
      const tip = Math.min(3, (right - left) / 2);
      svg.append(element("path", {
        class: `bus ${signal.state ? "state" : ""} ${text ? "" : "unknown"}`,
        d: `M${left} ${y + 12}l${tip} -8H${right - tip}l${tip} 8l${-tip} 8H${left + tip}z`,
      }));
      if (right - left > text.length * 7 + 4) {
        svg.append(element("text", { x: left + 6, y: y + 16 }, text));
      }
      from = index;
    }
  }

  function level(svg, signal, shown, x, y) {
    const height = (value) => y + (value > 0 ? 5 : value === 0 ? 19 : 12);
    let path = "";
    shown.forEach((sample, index) => {
      const at = height(signal.level(sample));
      path += `${index ? "V" : `M${x(0)} `}${at}H${x(index + 1)}`;
    });
    svg.append(element("path", { class: `level ${signal.irq ? "irq" : ""}`, d: path }));
  }

  function table(signals, shown, start) {
    const details = element("details", {}, element("summary", {}, "The changes as a table"));
    details.addEventListener("toggle", () => {
      if (details.childElementCount > 1) return;
      const head = element("tr", {}, element("th", {}, "time"), ...signals.map((s) => element("th", {}, s.name)));
      const rows = shown.map((sample) => element("tr", {},
        element("td", {}, `+${duration(sample[0] - start)}`),
        ...signals.map((s) => element("td", { class: "hex" },
          s.text ? s.text(sample) || "?" : s.level(sample) < 0 ? "?" : String(s.level(sample))))));
      details.append(element("div", { class: "scroll", tabindex: 0 },
        element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows))));
    });
    return details;
  }

  // How the time was spent, where the registers tell.
  function shares(transaction) {
    const whole = transaction.end - transaction.start;
    const spent = trace.phases.filter(([channel, kind, start, end]) => channel === transaction.channel
      && kind < PHASES.length && end > transaction.start && start < transaction.end);
    if (!spent.length || whole <= 0) return "";
    const bar = element("div", { class: "share", "aria-hidden": "true" });
    const parts = element("div", { class: "parts" });
    const add = (kind, name, time) => {
      if (time <= 0) return;
      bar.append(element("i", { class: kind, style: `flex:${time / whole} 1 0` }));
      if (name) parts.append(element("span", { class: kind }, `${name} ${duration(time)}`));
    };
    let at = transaction.start, rest = 0;
    for (const [, kind, start, end] of spent) {
      const from = Math.max(start, at), to = Math.min(end, transaction.end);
      add("rest", "", from - at);
      rest += Math.max(0, from - at);
      add(...PHASES[kind], to - from);
      at = Math.max(at, to);
    }
    add("rest", "", transaction.end - at);
    rest += transaction.end - at;
    if (rest > 0) parts.append(element("span", { class: "rest" }, `not at the registers ${duration(rest)}`));
    return element("div", {}, bar, parts);
  }

  function bytes(title, text, fields, isResponse) {
    const values = (text.match(/../g) || []).map((digits) => parseInt(digits, 16));
    if (!values.length) return element("div", {}, element("h3", {}, title), element("p", {}, "none"));
    const rows = [];
    const add = (offset, count, name) => {
      const part = values.slice(offset, offset + count);
      if (!part.length) return;
      const range = part.length > 1 ? `${offset}–${offset + part.length - 1}` : `${offset}`;
      const ascii = part.length > 3 && part.filter((b) => b >= 32 && b < 127).length * 2 > part.length
        ? ` “${part.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : "·")).join("")}”` : "";
      const number = !ascii && (part.length === 2 || part.length === 4)
        ? ` = ${part.reduceRight((sum, b) => sum * 256 + b, 0)}` : "";
      rows.push(element("tr", {}, element("td", {}, range),
        element("td", { class: "hex" }, part.map(hex).join(" ")), element("td", {}, name + number + ascii)));
    };
    const netFn = hex(values[0] >> 2);
    add(0, 1, `NetFn ${netFn}h ${trace.netFns[netFn] || ""}, LUN ${values[0] & 3}`);
    add(1, 1, "command");
    let offset = 2;
    if (isResponse) {
      if (values.length > 2) add(2, 1, `completion code: ${trace.codes[hex(values[2])] || "not known"}`);
      offset = 3;
    }
    for (const [count, name] of fields) {
      add(offset, count, name);
      offset += count;
    }
    add(offset, values.length, "data");
    return element("div", {}, element("h3", {}, `${title}, ${values.length} bytes`),
      element("div", { class: "scroll", tabindex: 0 }, element("table", {}, element("tbody", {}, ...rows))));
  }

  // Choosing

  const rows = [...document.querySelectorAll("#list tbody tr")];
  const detail = document.getElementById("detail");
  let chosen = -1;

  function show(index, scrolls = true) {
    const transaction = trace.transactions[index];
    if (!transaction) return;
    rows[chosen]?.classList.remove("chosen");
    rows[chosen]?.querySelector("button").removeAttribute("aria-current");
    chosen = index;
    const row = rows[index];
    row.classList.add("chosen");
    row.querySelector("button").setAttribute("aria-current", "true");
    if (scrolls) {
      const list = row.closest(".scroll");
      list.scrollTop = row.offsetTop - list.clientHeight / 2;
    }
    const button = (text, label, to) => {
      const made = element("button", { "aria-label": label }, text);
      made.disabled = !trace.transactions[to];
      made.addEventListener("click", () => choose(to));
      return made;
    };
    const [request, response] = trace.commands[transaction.key] || [[], []];
    const code = transaction.response.length >= 6 ? transaction.response.slice(4, 6) : "";
    const outcome = code ? `${code}h ${trace.codes[code] || ""}` : transaction.outcome;
    detail.replaceChildren(
      element("h2", { "data-transaction": transaction.number },
        element("span", {}, button("◀", "the one before", index - 1), " ", button("▶", "the next one", index + 1)),
        `${transaction.number}: ${transaction.command}`,
        element("span", { class: transaction.kind }, outcome), transaction.latency),
      element("p", {}, `${trace.channels[transaction.channel].name}, id ${hex(transaction.id)}h, at ${
        (transaction.start / 1e9).toFixed(6)} s`),
      shares(transaction), waveform(transaction),
      element("div", { class: "bytes" }, bytes("Request", transaction.request, request, false),
        bytes("Response", transaction.response, response, true)));
    mark(transaction);
  }

  function choose(index) {
    if (!trace.transactions[index]) return;
    history.replaceState(null, "", `#t${trace.transactions[index].number}`);
    show(index);
  }

  function fromAddress() {
    const wanted = /^#t(\d+)$/.exec(location.hash);
    const index = wanted ? trace.transactions.findIndex((t) => t.number === Number(wanted[1])) : -1;
    show(index >= 0 ? index : trace.chosen);
  }

  rows.forEach((row) => row.addEventListener("click", () => choose(Number(row.dataset.t))));
  addEventListener("hashchange", fromAddress);

  const words = document.getElementById("words"), wrong = document.getElementById("wrong");
  function filter() {
    const wanted = words.value.toLowerCase();
    rows.forEach((row) => {
      row.hidden = (wrong.checked && row.classList.contains("completed"))
        || !row.textContent.toLowerCase().includes(wanted);
    });
  }
  words?.addEventListener("input", filter);
  wrong?.addEventListener("change", filter);
  document.getElementById("filter")?.addEventListener("submit", (event) => event.preventDefault());

  // The timeline

  const svg = document.getElementById("lanes"), axis = document.getElementById("axis");
  const lanes = svg?.parentElement;
  const first = Number(lanes?.dataset.start), last = Number(lanes?.dataset.end);
  let view = [0, 1e6];
  const unit = (time) => (last > first ? (time - first) / (last - first) * 1e6 : 5e5);

  function mark(transaction) {
    const now = document.getElementById("now");
    if (!now) return;
    now.setAttribute("x", unit(transaction.start));
    now.setAttribute("width", Math.max(0, unit(transaction.end) - unit(transaction.start)));
  }

  function zoom(left, width) {
    width = Math.min(1e6, Math.max(20, width));
    left = Math.min(1e6 - width, Math.max(0, left));
    view = [left, width];
    svg.setAttribute("viewBox", `${left} 0 ${width} ${svg.viewBox.baseVal.height}`);
    const from = first + left / 1e6 * (last - first), span = width / 1e6 * (last - first);
    let step = 10 ** Math.floor(Math.log10(span / 4 || 1));
    if (span / step > 20) step *= 5; else if (span / step > 8) step *= 2;
    axis.replaceChildren();
    const [scale, name] = step >= 1e8 ? [1e9, "s"] : step >= 1e5 ? [1e6, "ms"] : step >= 100 ? [1e3, "µs"] : [1, "ns"];
    for (let time = Math.ceil(from / step) * step; time <= from + span; time += step) {
      axis.append(element("span", { style: `left:${(time - from) / span * 100}%` },
        `${Number((time / scale).toFixed(1))} ${name}`));
    }
  }

  if (svg) {
    document.querySelector(".zoom").hidden = false;
    const middle = () => {
      const t = trace.transactions[chosen];
      const at = t ? (unit(t.start) + unit(t.end)) / 2 : -1;
      return at >= view[0] && at <= view[0] + view[1] ? at : view[0] + view[1] / 2;
    };
    const by = (factor, at = middle()) => {
      const width = Math.min(1e6, Math.max(20, view[1] * factor));
      zoom(at - width / 2, width);
    };
    const on = (id, action) => document.getElementById(id).addEventListener("click", action);
    on("in", () => by(0.25));
    on("out", () => by(4));
    on("left", () => zoom(view[0] - view[1] / 2, view[1]));
    on("right", () => zoom(view[0] + view[1] / 2, view[1]));
    on("all", () => zoom(0, 1e6));
    // The nearest transaction to where the pointer was.
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const at = view[0] + (event.clientX - box.left) / box.width * view[1];
      let best = -1, distance = Infinity;
      trace.transactions.forEach((t, index) => {
        const away = Math.max(unit(t.start) - at, at - unit(t.end), 0);
        if (away < distance) [best, distance] = [index, away];
      });
      choose(best);
    });
  }

  fromAddress();
})();
