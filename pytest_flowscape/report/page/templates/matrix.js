// the matrices of rooms and users: filtered, a hundred rows at a time, each cell a button that opens its details
const PER_SHEET = 100;
const SYMBOLS = {{ symbols_by_word | tojson }};
const LABELS = {{ labels | tojson }};
const WORST = {{ worst_first | tojson }};
const TROUBLE = new Set(["failed", "not measured", "not run"]);
const CLASS = Object.fromEntries(data.words.map((word) => [word, "fs-cell fs-word-" + word.replace(" ", "-")]));
const grids = {};

const wordOf = (number) => data.words[data.cells[number][0]];
const number = (value) => value.toLocaleString("en");

function lines(text) {
  return text.split("\n").flatMap((line, at) => (at ? [make("br"), line] : [line]));
}

// --- the details of a cell ---

const dialog = document.getElementById("fs-dialog");

function fixOf(cell, kind, place) {
  const fix = cell[LABELS.length + 1];
  if (fix < 0) { return []; }
  const [undo, wait, ...parts] = data.fixes[fix];
  const shown = parts.map((part) => {
    const text = partText(part, literals(kind, [place]));
    if (!part[0]) { return make("p", {}, text); }
    return make("div", { class: "fs-command" }, make("pre", { tabindex: "0" }, make("code", {}, text)),
      make("button", { type: "button", class: "fs-copy", "aria-label": "Copy these commands" }, "Copy"));
  });
  return [["Fix", shown], ["Undo", [undo]], ["Waiting time", [wait]]];
}

function showDetails(table, place, id) {
  const number = table.cells[place][table.ids.indexOf(id)];
  const cell = data.cells[number], word = wordOf(number), target = table.targets[place];
  const text = (at) => data.texts[cell[at]];
  const notes = cell.slice(LABELS.length + 2);
  const [title, must, link, level] = data.requirements[id] || [id, "", "", "required"];
  const rows = [
    ["Required", [must]],
    ...LABELS.map((label, at) => [label, label !== "Evidence" || !text(at + 1) ? [text(at + 1)]
      : [make("div", { class: "fs-evidence" }, ...lines(text(at + 1)))]]),
    ["Notes", notes.length ? [make("ul", {}, ...notes.map((note) => make("li", {}, ...lines(data.texts[note]))))] : []],
    ...fixOf(cell, table.kind, place),
    ["Read more", link ? [make("a", { href: link, rel: "noreferrer" }, link)] : []],
  ];
  const list = make("dl", { class: "fs-pairs" });
  for (const [label, content] of rows) {
    const kept = content.filter(Boolean);
    if (kept.length) { list.append(make("dt", {}, label), make("dd", {}, ...kept)); }
  }
  document.getElementById("fs-dialog-body").replaceChildren(
    make("div", { class: "fs-dialog-head" },
      make("h2", { id: "fs-dialog-title" }, `${id}: ${title}`),
      make("button", { type: "button", class: "fs-close", on: () => dialog.close() }, "Close")),
    make("p", { class: "fs-on" }, make("span", { class: "fs-word-" + word.replace(" ", "-") }, `${SYMBOLS[word]} ${word}`),
      " ", make("bdi", {}, target[0] === "site" ? "the site" : target[0]), target[1] ? ` (${target[1]})` : "",
      level === "recommended" ? make("span", { class: "fs-tag" }, "recommended") : ""),
    list);
  dialog.showModal();
  dialog.scrollTop = 0;
}

dialog.addEventListener("click", (event) => { if (event.target === dialog) { dialog.close(); } });

// --- one matrix ---

function grid(box) {
  const table = data.tables.find((one) => one.kind === box.dataset.kind);
  if (!table) { return null; }
  const what = box.dataset.what;
  const words = table.cells.map((row) => new Set(row.filter((cell) => cell >= 0).map(wordOf)));
  const ranks = words.map((found) => WORST.findIndex((word) => found.has(word)));
  const order = [...ranks.keys()].sort((a, b) => ranks[a] - ranks[b] || a - b);
  const sought = table.targets.map((target) => target.slice(0, 2).join(" ").toLowerCase());
  let shown = order, sheet = 0, only = null;

  const text = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const state = make("select", {});
  const add = (value, label, count) => state.append(make("option", { value }, `${label} (${number(count)})`));
  add("", `all ${what}s`, order.length);
  add("!", "needs action", words.filter((found) => [...found].some((word) => TROUBLE.has(word))).length);
  for (const word of data.words) {
    const count = words.filter((found) => found.has(word)).length;
    if (count) { add(word, word, count); }
  }
  const counter = make("p", { role: "status", class: "fs-count" });
  const clear = make("button", { type: "button", class: "fs-link", hidden: true, on: () => show(null) }, "Show all again");
  const body = make("tbody", {});
  const head = make("tr", {}, make("th", { scope: "col" }, what === "room" ? "Room" : "User"), ...table.ids.map((id) => make("th", { scope: "col" },
    make("span", { class: "fs-nowrap" }, id), make("span", { class: "fs-soft fs-column" }, (data.requirements[id] || [""])[0]))));
  const before = make("button", { type: "button", on: () => turn(-1) }, "Previous");
  const after = make("button", { type: "button", on: () => turn(1) }, "Next");
  const where = make("span", {});
  const pager = make("div", { class: "fs-pager" }, before, where, after);
  const label = what === "room" ? "Find a room" : "Find a user";
  box.replaceChildren(
    what === "user" ? make("h3", {}, "Users") : "",
    make("div", { class: "fs-filter" }, make("label", {}, label, text), make("label", {}, "State", state), counter, clear),
    make("div", { class: "fs-scroll" }, make("table", { role: "grid", class: "fs-cells", "aria-label": `${what}s and requirements`,
      "aria-rowcount": String(order.length + 1) }, make("thead", {}, head), body)),
    pager);
  box.hidden = false;

  function fits(place) {
    if (only && !only.has(place)) { return false; }
    if (state.value === "!" && ![...words[place]].some((word) => TROUBLE.has(word))) { return false; }
    if (state.value && state.value !== "!" && !words[place].has(state.value)) { return false; }
    return text.value.toLowerCase().split(/\s+/).every((part) => sought[place].includes(part));
  }

  function row(place, at) {
    const [address, name] = table.targets[place];
    return make("tr", { "aria-rowindex": String(at + 2), "data-place": String(place) },
      make("th", { scope: "row" }, make("bdi", {}, address), name ? make("span", { class: "fs-soft fs-column" }, make("bdi", {}, name)) : ""),
      ...table.cells[place].map((cell, column) => {
        if (cell < 0) { return make("td", {}); }
        const word = wordOf(cell), id = table.ids[column];
        return make("td", {}, make("button", { type: "button", tabindex: "-1", class: CLASS[word], "data-id": id, "data-word": word,
          "aria-label": `${id}, ${address}: ${word}` }, word === "passed" ? SYMBOLS[word] : `${SYMBOLS[word]} ${word}`));
      }));
  }

  function draw(everything) {
    const sheets = Math.max(1, Math.ceil(shown.length / PER_SHEET));
    sheet = Math.min(Math.max(sheet, 0), sheets - 1);
    const first = everything ? 0 : sheet * PER_SHEET;
    const places = everything ? shown : shown.slice(first, first + PER_SHEET);
    body.replaceChildren(...places.map((place, at) => row(place, first + at)));
    const start = body.querySelector("button");
    if (start) { start.tabIndex = 0; }
    counter.textContent = `${number(shown.length)} of ${number(order.length)} ${what}s`;
    clear.hidden = shown.length === order.length;
    pager.hidden = sheets === 1;
    before.disabled = sheet === 0;
    after.disabled = sheet === sheets - 1;
    where.textContent = ` ${number(first + 1)} to ${number(first + places.length)} of ${number(shown.length)} `;
  }

  function filter() { shown = order.filter(fits); sheet = 0; draw(false); }
  function turn(by) { sheet += by; draw(false); }
  function show(places) {
    only = places;
    text.value = "";
    state.value = "";
    filter();
  }

  function move(button, event) {
    const cell = button.parentNode, line = cell.parentNode;
    const all = [...line.querySelectorAll("button")];
    const column = all.indexOf(button);
    const inLine = (other) => other && other.querySelectorAll("button")[column];
    const next = {
      ArrowRight: () => all[column + 1], ArrowLeft: () => all[column - 1],
      ArrowDown: () => inLine(line.nextElementSibling), ArrowUp: () => inLine(line.previousElementSibling),
      Home: () => (event.ctrlKey ? body.querySelector("button") : all[0]),
      End: () => (event.ctrlKey ? inLine(body.lastElementChild) : all[all.length - 1]),
      PageDown: () => inLine(body.children[Math.min([...body.children].indexOf(line) + 10, body.children.length - 1)]),
      PageUp: () => inLine(body.children[Math.max([...body.children].indexOf(line) - 10, 0)]),
    }[event.key];
    if (!next) { return; }
    event.preventDefault();
    const other = next();
    if (other) { take(other); other.focus(); }
  }

  function take(button) {
    body.querySelectorAll("button[tabindex='0']").forEach((one) => { one.tabIndex = -1; });
    button.tabIndex = 0;
  }

  body.addEventListener("keydown", (event) => { if (event.target.matches(".fs-cell")) { move(event.target, event); } });
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".fs-cell");
    if (!button) { return; }
    take(button);
    showDetails(table, Number(button.closest("tr").dataset.place), button.dataset.id);
  });
  text.addEventListener("input", filter);
  state.addEventListener("change", filter);
  filter();
  return { show, draw, first: () => body.querySelector("button") };
}

document.querySelectorAll(".fs-grid").forEach((box) => { grids[box.dataset.kind] = grid(box); });
const drawn = Object.values(grids).filter(Boolean);
// on paper every row is shown, not one sheet of them
const folded = document.querySelectorAll(".fs-card details, .fs-counts");
const opened = new Set();
window.addEventListener("beforeprint", () => {
  drawn.forEach((one) => one.draw(true));
  folded.forEach((one) => { if (!one.open) { opened.add(one); one.open = true; } });
});
window.addEventListener("afterprint", () => {
  drawn.forEach((one) => one.draw(false));
  opened.forEach((one) => { one.open = false; });
  opened.clear();
});

const site = data.tables.find((table) => table.kind === "site");
document.querySelectorAll("[data-site-cell]").forEach((cell) => {
  const id = cell.dataset.siteCell;
  cell.append(" ", make("button", { type: "button", class: "fs-link", "aria-label": `Details of ${id}`, on: () => showDetails(site, 0, id) }, "details"));
});

document.querySelectorAll("button[data-show]").forEach((button) => button.addEventListener("click", () => {
  const { pairs } = data.findings[Number(button.dataset.show)];
  for (const kind of ["room", "user"]) {
    if (!pairs[kind] || !grids[kind]) { continue; }
    grids[kind].show(new Set(Object.values(pairs[kind]).flat()));
    document.querySelector(`.fs-grid[data-kind=${kind}]`).scrollIntoView();
    grids[kind].first().focus({ preventScroll: true });
    return;
  }
  if (pairs.site) { showDetails(site, 0, Object.keys(pairs.site)[0]); }
}));
