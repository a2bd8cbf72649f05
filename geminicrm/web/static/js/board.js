// The board: drag with Sortable or use a card's "Move to…" menu; both post, roll back and announce.
import { postForm } from "./http.js";
import { showToast } from "./toasts.js";

class Board {
  constructor(root) {
    this.root = root;
    this.field = root.dataset.moveField || "stage_id";
    this.status = document.createElement("div");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    root.after(this.status);
    this.lists = [...root.querySelectorAll("[data-board-column]")];
  }

  start() {
    this.lists.forEach((list) => {
      window.Sortable.create(list, {
        group: "board",
        draggable: "[data-board-card]",
        filter: ".menu",
        preventOnFilter: false,
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
        ghostClass: "board-card-ghost",
        // Pointer events instead of the browser's own dragging: the same on every device.
        forceFallback: true,
        fallbackOnBody: true,
        fallbackTolerance: 4,
        fallbackClass: "board-card-dragged",
        delay: 150,
        delayOnTouchOnly: true,
        onEnd: ({ item, from, to, oldDraggableIndex }) => {
          if (from !== to) this.send(item, from, to, oldDraggableIndex);
        },
      });
    });
    this.root.addEventListener("submit", (event) => this.chosen(event));
    this.root.dataset.boardReady = "";
  }

  chosen(event) {
    const form = event.target.closest("[data-board-move]");
    if (!form) return;
    event.preventDefault();
    const card = form.closest("[data-board-card]");
    form.closest("details").open = false;
    this.move(card, event.submitter.value);
    card.querySelector("summary")?.focus();
  }

  move(card, value) {
    const from = card.parentElement;
    const to = this.lists.find((list) => list.dataset.boardColumn === value);
    if (to === from) return;
    const index = this.cards(from).indexOf(card);
    to.prepend(card);
    this.send(card, from, to, index);
  }

  cards(list) {
    return [...list.querySelectorAll(":scope > [data-board-card]")];
  }

  async send(card, from, to, index) {
    const name = card.dataset.cardLabel;
    this.settle(card, from, to);
    const asked = await this.ask(to);
    if (!asked) {
      this.back(card, from, to, index);
      return;
    }
    card.setAttribute("aria-busy", "true");
    try {
      const fields = { [this.field]: to.dataset.boardColumn, ...asked };
      if (card.dataset.version) fields.version = card.dataset.version;
      const answer = await postForm(card.dataset.moveUrl, fields);
      if (answer.data?.version) card.dataset.version = answer.data.version;
      this.totals(answer.columns);
      this.announce(`${name} moved to ${to.dataset.columnLabel}.`);
      showToast(`${name} moved to ${to.dataset.columnLabel}`, {
        undo: () => this.move(card, from.dataset.boardColumn),
      });
    } catch (error) {
      this.back(card, from, to, index);
      showToast(`${name} was not moved. ${error.message}`, { category: "error" });
    } finally {
      card.removeAttribute("aria-busy");
    }
  }

  // A column with [data-board-ask=DIALOG] wants to know more; null when the person cancels.
  ask(list) {
    const dialog = document.getElementById(list.dataset.boardAsk ?? "");
    if (!dialog) return Promise.resolve({});
    const form = dialog.querySelector("form");
    form.reset();
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((done) => {
      const close = () => done(dialog.returnValue ? Object.fromEntries(new FormData(form)) : null);
      dialog.addEventListener("close", close, { once: true });
    });
  }

  back(card, from, to, index) {
    from.insertBefore(card, this.cards(from)[index] ?? null);
    this.settle(card, to, from);
    this.announce(`${card.dataset.cardLabel} stays in ${from.dataset.columnLabel}.`);
  }

  // What follows from where a card stands: the counts and which column its menu leaves out.
  // A column may show fewer cards than it has, so counts go up and down by one.
  settle(card, from, to) {
    [[from, -1], [to, 1]].forEach(([list, step]) => {
      const count = this.root.querySelector(`[data-board-count="${CSS.escape(list.dataset.boardColumn)}"]`);
      if (count) count.textContent = Number(count.textContent) + step;
    });
    card.querySelectorAll("[data-board-move] button").forEach((button) => {
      button.disabled = button.value === card.parentElement.dataset.boardColumn;
    });
  }

  totals(columns) {
    Object.entries(columns ?? {}).forEach(([value, column]) => {
      const total = this.root.querySelector(`[data-board-total="${CSS.escape(value)}"]`);
      const count = this.root.querySelector(`[data-board-count="${CSS.escape(value)}"]`);
      if (total && column.total !== undefined) total.textContent = column.total;
      if (count && column.count !== undefined) count.textContent = column.count;
    });
  }

  announce(text) {
    this.status.textContent = text;
  }
}

document.querySelectorAll("[data-board]").forEach((root) => new Board(root).start());
