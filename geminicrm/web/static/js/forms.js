// Forms: busy buttons while sending, no double sending, a guard on [data-guard] forms left unsaved.
export function startForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    delete form.dataset.dirty;
    const button = event.submitter;
    if (form.method !== "post" || !button) return;
    if (button.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-busy", "true");
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) form.dataset.dirty = "";
  });
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-dirty]")) event.preventDefault();
  });
  // A page that comes back from the browser's memory has sent its forms long ago.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll(".btn[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest("form");
    if (form) delete form.dataset.dirty;
    event.detail.elt.querySelector?.("[type=submit]")?.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    event.detail.elt.querySelector?.("[type=submit]")?.removeAttribute("aria-busy");
  });
  document.querySelector("[data-error-summary]")?.focus();
}
