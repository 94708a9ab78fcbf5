// Sorting of tables, boxes that scroll by keyboard, and whole pages on paper. Without it the page only does not sort.
"use strict";
(() => {
  const NUMBER = /^[-+\u2212]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?=$|[\s%x\u00d7[])/i;
  const MOSTLY = 0.75;
  const UNITS = {
    KiB: 2 ** -10, MiB: 1, GiB: 2 ** 10, us: 1e-3, ms: 1, s: 1e3, min: 6e4, h: 36e5, B: 2 ** -20,
  };
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const text = (row, column) => (row.cells[column] ? row.cells[column].textContent.trim() : "");
  const missing = (value) => value === "" || value === "-" || value === "\u2013";

  // The number that a cell begins with, in one unit for sizes and one for times; NaN for a text.
  const amount = (value) => {
    const found = NUMBER.exec(value);
    if (!found) return NaN;
    const unit = /^\s*([A-Za-z]+)/.exec(value.slice(found[0].length));
    const factor = unit && Object.hasOwn(UNITS, unit[1]) ? UNITS[unit[1]] : 1;
    return Number(found[0].replace(/,/g, "").replace("\u2212", "-")) * factor;
  };

  const words = new Intl.Collator("en", { numeric: true }).compare;

  // Rows in a new order: by number where most cells are one, else as text; equal ones as they were. Where numbers are
  // sorted the words come after them, and dashes always come last.
  const sorted = (rows, column, direction) => {
    if (direction === "none") return rows;
    const keyed = rows.map((row) => ({ row, value: text(row, column) }));
    const there = keyed.filter((one) => !missing(one.value));
    const numbers = there.filter((one) => !Number.isNaN(amount(one.value)));
    const numeric = numbers.length >= MOSTLY * there.length;
    const compare = numeric ? (a, b) => amount(a.value) - amount(b.value) : (a, b) => words(a.value, b.value);
    const sign = direction === "ascending" ? 1 : -1;
    const first = numeric ? numbers : there;
    const others = keyed.filter((one) => !first.includes(one));
    const last = [...others.filter((one) => !missing(one.value)), ...others.filter((one) => missing(one.value))];
    return [...first.sort((a, b) => sign * compare(a, b)), ...last].map((one) => one.row);
  };

  const makeSortable = (table) => {
    const body = table.tBodies[0];
    const heads = table.tHead ? [...table.tHead.rows[table.tHead.rows.length - 1].cells] : [];
    if (!body || body.rows.length < 2) return;
    const original = [...body.rows];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const direction = NEXT[head.getAttribute("aria-sort")];
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", direction);
        body.append(...sorted(original, column, direction));
      });
    });
  };

  // A box that scrolls has to be reached by keyboard; one that does not would only be a stop on the way.
  const boxes = [...document.querySelectorAll(".scroll, pre")];
  const reachable = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };

  document.querySelectorAll("table:not(.fixed)").forEach(makeSortable);
  reachable();
  addEventListener("resize", reachable);
  document.addEventListener("toggle", reachable, true);

  // Paper shows what is folded away, and the screen afterwards what it showed before.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();
