// Ctrl/Cmd+K: a combobox over the known commands and, after two letters, the server's records.
const DELAY = 120;

export function startPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("[data-palette-input]");
  const list = document.getElementById("palette-list");
  const source = document.getElementById("palette-commands");
  const view = new View(dialog, list, input, source.dataset.sprite);
  const commands = JSON.parse(source.textContent);
  let timer = 0;
  let asking = null;

  const refresh = () => {
    const query = input.value.trim();
    const known = matching(commands, query);
    view.show(known);
    clearTimeout(timer);
    asking?.abort();
    if (query.length < 2 || !dialog.dataset.searchUrl) return;
    timer = setTimeout(async () => {
      asking = new AbortController();
      view.show([...known, ...(await search(dialog.dataset.searchUrl, query, asking.signal))]);
    }, DELAY);
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
  });
  input.addEventListener("input", refresh);
  input.addEventListener("keydown", (event) => view.key(event));

  function open() {
    input.value = "";
    if (!dialog.open) dialog.showModal();
    input.focus();
    refresh();
  }
}

function matching(commands, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter((command) => words.every((word) => command.title.toLowerCase().includes(word)));
}

async function search(url, query, signal) {
  try {
    const address = `${url}${url.includes("?") ? "&" : "?"}q=${encodeURIComponent(query)}`;
    const response = await fetch(address, { headers: { Accept: "application/json" }, signal });
    return response.ok ? (await response.json()).data : [];
  } catch {
    // Aborted by the next letter, or offline: the known commands stay usable.
    return [];
  }
}

class View {
  constructor(dialog, list, input, sprite) {
    this.list = list;
    this.input = input;
    this.sprite = sprite;
    this.blank = dialog.querySelector("[data-palette-empty]");
    this.status = dialog.querySelector("[data-palette-status]");
    this.template = document.getElementById("palette-option").content.firstElementChild;
    this.index = 0;
  }

  show(entries) {
    this.list.replaceChildren(...entries.map((entry, index) => this.option(entry, index)));
    this.blank.hidden = entries.length > 0;
    this.input.setAttribute("aria-expanded", String(entries.length > 0));
    this.status.textContent = entries.length === 1 ? "1 result" : `${entries.length} results`;
    this.select(0);
  }

  option(entry, index) {
    const option = this.template.cloneNode(true);
    option.id = `palette-option-${index}`;
    option.href = entry.url;
    option.querySelector("use").setAttribute("href", `${this.sprite}#tabler-${entry.icon || "search"}`);
    option.querySelector(".palette-text").textContent = entry.title;
    option.querySelector(".palette-sub").textContent = entry.subtitle || "";
    const keys = (entry.keys || "").split(" ").filter(Boolean);
    option.querySelector(".palette-keys").append(...keys.map((key) => {
      const cap = document.createElement("kbd");
      cap.textContent = key.toUpperCase();
      return cap;
    }));
    option.addEventListener("pointermove", () => this.select(index));
    return option;
  }

  select(index) {
    const options = this.list.children;
    this.index = options.length ? (index + options.length) % options.length : 0;
    [...options].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.index)));
    const chosen = options[this.index];
    if (chosen) {
      this.input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      this.select(this.index + steps[event.key]);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.list.children[this.index]?.click();
    }
  }
}
