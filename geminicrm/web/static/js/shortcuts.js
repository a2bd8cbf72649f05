// Single keys, which people may switch off: / ? c j k Enter, and "g" followed by a letter.
import { openDialog } from "./dialogs.js";
import { setPreference } from "./theme.js";

const PATIENCE = 1500;
const TYPING = "input, textarea, select, [contenteditable], dialog, [data-menu][open]";

export function startShortcuts() {
  const source = document.getElementById("palette-commands");
  const commands = source ? JSON.parse(source.textContent) : [];
  const sheet = document.getElementById("shortcut-sheet");
  let first = "";
  let timer = 0;

  const plain = {
    "/": focusSearch,
    "?": () => sheet && openDialog(sheet),
    c: () => document.querySelector("[data-create]")?.click(),
    j: () => step(1),
    k: () => step(-1),
    Enter: () => document.querySelector("[data-row-current] a")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (!wanted(event)) return;
    const pair = first ? `${first} ${event.key.toLowerCase()}` : "";
    first = "";
    clearTimeout(timer);
    // What a page itself can create goes before the general "create" command.
    const own = !pair && event.key === "c" && document.querySelector("[data-create]");
    const target = !own && commands.find((command) => command.keys && command.keys === (pair || event.key));
    if (target) {
      event.preventDefault();
      location.assign(target.url);
    } else if (!pair && event.key === "g") {
      first = "g";
      timer = setTimeout(() => { first = ""; }, PATIENCE);
    } else if (!pair && Object.hasOwn(plain, event.key)) {
      if (event.key !== "Enter") event.preventDefault();
      plain[event.key]();
    }
  });
  document.addEventListener("click", (event) => {
    if (sheet && event.target.closest("[data-shortcuts-open]")) openDialog(sheet);
  });
  startSwitch();
}

function wanted(event) {
  if (document.documentElement.dataset.shortcuts === "off") return false;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (event.key === "Enter" && event.target !== document.body) return false;
  return !event.target.closest?.(TYPING) && !document.querySelector("dialog[open]");
}

function focusSearch() {
  const search = document.querySelector("[data-page-search]");
  if (search) search.focus();
  else document.querySelector("[data-palette-open]")?.click();
}

function step(direction) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => "rowCurrent" in row.dataset);
  const next = Math.min(rows.length - 1, Math.max(0, at + direction));
  rows.forEach((row) => { delete row.dataset.rowCurrent; });
  rows[next].dataset.rowCurrent = "";
  rows[next].scrollIntoView({ block: "nearest" });
  rows[next].querySelector("a")?.focus({ preventScroll: true });
}

function startSwitch() {
  document.querySelectorAll("[data-shortcuts-form]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const value = event.submitter.value;
      setPreference("shortcuts", value);
      form.querySelector("[data-shortcuts-state]").textContent = value;
      event.submitter.value = value === "on" ? "off" : "on";
      event.submitter.textContent = value === "on" ? "Turn off" : "Turn on";
    });
  });
}
