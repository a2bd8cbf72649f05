// What htmx needs from us: the CSRF header, a progress line after 300 ms, toasts for failures.
// Nobody waits for what an element with data-quiet asks for, so of that nothing is shown, and
// nothing is asked while nobody can see the page.
import { csrfToken } from "./http.js";
import { showToast } from "./toasts.js";

const PATIENCE = 300;

export function startHtmx() {
  const line = document.getElementById("progress-line");
  let running = 0;
  let timer = 0;

  document.addEventListener("htmx:configRequest", (event) => {
    if (document.hidden && isPoll(event)) event.preventDefault();
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isQuiet(event)) return;
    running += 1;
    clearTimeout(timer);
    timer = setTimeout(() => { line.hidden = running === 0; }, PATIENCE);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (isQuiet(event)) return;
    running = Math.max(0, running - 1);
    if (running === 0) {
      clearTimeout(timer);
      line.hidden = true;
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (isQuiet(event)) return;
    showToast(problem(event.detail.xhr), { category: "error" });
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (isQuiet(event)) return;
    showToast("The server can't be reached. Check your connection and try again.", { category: "error" });
  });
}

function isQuiet(event) {
  return event.detail.requestConfig.elt.closest("[data-quiet]") !== null;
}

function isPoll(event) {
  const elt = event.detail.elt;
  return elt.hasAttribute("data-quiet") && event.detail.triggeringEvent === undefined;
}

function problem(xhr) {
  try {
    const body = JSON.parse(xhr.responseText);
    return body.detail || body.title;
  } catch {
    return `That did not work (error ${xhr.status}). Try again.`;
  }
}
