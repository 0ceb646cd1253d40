"use strict";
// shared by the parts of the page: the data, elements built from text only, commands, copying
const data = JSON.parse(document.getElementById("fs-data").textContent);
const TRIAL = {{ trial | tojson }};
const REAL = "$WhatIfPreference = $false   # makes the changes";
let trial = true;

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === false || value === null || value === undefined) { continue; }
    if (name === "on") { element.addEventListener("click", value); } else { element.setAttribute(name, value === true ? "" : value); }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// a part of a fix: [is a command, changes something, piece, piece ...]; the target goes between the pieces
function partText(part, literals, really = !trial) {
  const pieces = part.slice(2);
  const body = pieces.length === 1 ? pieces[0] : literals.map((literal) => pieces.join(literal)).join("\n");
  if (!part[1]) { return body; }
  return ["& {", "  " + (really ? REAL : TRIAL), ...body.split("\n").map((line) => (line.trim() ? "  " + line : line)), "}"].join("\n");
}

function literals(kind, places) {
  const targets = data.tables.find((table) => table.kind === kind).targets;
  return places.map((place) => targets[place][2] || targets[place][0]);
}

// a whole fix, copied unread: its text goes with the commands as comments, since it may hold a condition or a warning
function whole(fix) {
  const [undo, wait, ...parts] = data.fixes[fix[0]];
  const targets = literals(fix[1], fix[2]);
  const comment = (text) => text.split("\n").filter(Boolean).map((line) => "# " + line);
  const steps = parts.filter((part) => part[0]).length;
  const text = parts.flatMap((part) => (part[0] ? [partText(part, targets, !trial && steps === 1)]
    : comment(partText(part, targets.slice(0, 3)))));
  const read = steps > 1 && !trial ? comment("Several steps with conditions between them: each stays a rehearsal until you change it.") : [];
  return [...read, ...text, ...comment(undo && "Undo: " + undo), ...comment(wait && "Waiting time: " + wait), ""].join("\n");
}

function commandsOf(button) {
  const card = button.closest("[data-finding]");
  const finding = card && data.findings[Number(card.dataset.finding)];
  if (!finding) { return button.parentNode.querySelector("code").textContent; }
  const fixes = button.dataset.fix.split(" ").map((place) => finding.fixes[Number(place)]);
  if (!button.dataset.part) { return fixes.map(whole).join("\n"); }
  return partText(data.fixes[fixes[0][0]][2 + Number(button.dataset.part)], literals(fixes[0][1], fixes[0][2]));
}

const status = make("div", { role: "status", class: "fs-unseen" });
document.querySelector(".fs").append(status);

function confirm(button, text) {
  const before = button.dataset.label || button.textContent;
  button.dataset.label = before;
  button.textContent = text;
  status.textContent = text;
  setTimeout(() => { button.textContent = before; status.textContent = ""; }, 2500);
}

function copyBySelection(text) {
  const field = make("textarea", { class: "fs-unseen", "aria-hidden": "true", tabindex: "-1" });
  field.value = text;
  (document.querySelector("dialog[open]") || document.body).append(field);
  field.select();
  let done = false;
  try { done = document.execCommand("copy"); } catch (error) { done = false; }
  field.remove();
  return done;
}

function copy(button) {
  const text = commandsOf(button);
  const other = () => confirm(button, copyBySelection(text) ? "Copied" : "Not allowed: select it and press Ctrl+C");
  if (navigator.clipboard && navigator.clipboard.writeText) {
    navigator.clipboard.writeText(text).then(() => confirm(button, "Copied"), other);
  } else {
    other();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".fs-copy");
  if (button) { copy(button); }
});

document.querySelectorAll(".fs-copy, .fs-trial, .fs-look").forEach((element) => { element.hidden = false; });
document.querySelectorAll("input[name=fs-trial]").forEach((radio) => radio.addEventListener("change", () => {
  trial = document.querySelector("input[name=fs-trial]:checked").value === "trial";
  document.querySelectorAll(".fs-command code").forEach((code) => {
    code.textContent = trial ? code.textContent.replace(REAL, () => TRIAL) : code.textContent.replace(TRIAL, () => REAL);
  });
  document.querySelectorAll(".fs-trial").forEach((box) => box.classList.toggle("fs-real", !trial));
}));

// pytest-html redraws its table at every click: what it lacks for a keyboard is added each time
function dress(table) {
  if (!table.querySelector("caption")) { table.prepend(make("caption", { class: "fs-unseen" }, "Every result, one row each")); }
  table.querySelectorAll("th.sortable, .collapsible > td.col-outcome").forEach((cell) => { cell.tabIndex = 0; });
  table.querySelectorAll(".extras-row img:not([alt])").forEach((image) => { image.alt = ""; });
}

document.addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("results-table");
  if (!table) { return; }
  dress(table);
  new MutationObserver(() => dress(document.getElementById("results-table"))).observe(table.parentNode, { childList: true });
  table.parentNode.addEventListener("keydown", (event) => {
    const cell = event.target.closest("th.sortable, td.col-outcome");
    if (!cell || (event.key !== "Enter" && event.key !== " ")) { return; }
    event.preventDefault();
    const at = [...document.querySelectorAll("#results-table th.sortable, #results-table td.col-outcome")].indexOf(cell);
    cell.click();
    const again = document.querySelectorAll("#results-table th.sortable, #results-table td.col-outcome")[at];
    if (again) { again.focus(); }
  });
});
