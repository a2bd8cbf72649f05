// Short messages bottom right. Errors stay until dismissed; the rest leaves after 5 s (10 s with Undo).
const LIFE = 5000;
const LIFE_WITH_UNDO = 10000;

export function showToast(message, { category = "success", undo = null } = {}) {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.classList.add(`toast-${category}`);
  toast.dataset.category = category;
  toast.querySelector(".toast-text").textContent = message;
  const button = toast.querySelector("[data-toast-undo]");
  if (undo) {
    button.hidden = false;
    button.addEventListener("click", () => { toast.remove(); undo(); });
  } else {
    button.remove();
  }
  host().append(toast);
  retire(toast, undo ? LIFE_WITH_UNDO : LIFE);
}

// A modal dialog makes the rest of the page inert, toasts too, so they move into the open one.
function host() {
  const toasts = document.getElementById("toasts");
  const open = document.querySelector("dialog:modal");
  (open ?? document.body).append(toasts);
  return toasts;
}

function retire(toast, life) {
  if (toast.dataset.category === "error") return;
  let timer = setTimeout(() => toast.remove(), life);
  const wait = () => clearTimeout(timer);
  const resume = () => { wait(); timer = setTimeout(() => toast.remove(), life); };
  toast.addEventListener("mouseenter", wait);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("mouseleave", resume);
  toast.addEventListener("focusout", resume);
}

export function startToasts() {
  document.querySelectorAll("[data-toast]").forEach((toast) => {
    retire(toast, toast.querySelector("[data-toast-undo]") ? LIFE_WITH_UNDO : LIFE);
  });
  document.addEventListener("click", (event) => {
    event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
  });
  document.addEventListener("close", () => document.body.append(document.getElementById("toasts")), true);
  // Sent by the HX-Trigger header of a fragment.
  document.body.addEventListener("toast", (event) => {
    showToast(event.detail.message, { category: event.detail.category });
  });
}
