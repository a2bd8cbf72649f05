// Pages of records: what loads later may fail quietly, and choices above a board apply themselves.
function failed(event) {
  const place = event.target.closest("[data-lazy]");
  if (!place) return;
  const text = document.createElement("p");
  text.className = "small muted lazy-failed";
  text.textContent = `${place.dataset.lazy} can't be shown right now. `;
  const again = document.createElement("button");
  again.type = "button";
  again.className = "btn btn-sm";
  again.textContent = "Try again";
  again.addEventListener("click", () => {
    window.htmx.ajax("GET", place.getAttribute("hx-get"), { source: place, target: place, swap: "innerHTML" });
  });
  text.append(again);
  place.replaceChildren(text);
}

document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);
document.querySelectorAll("form[data-auto-submit]").forEach((form) => {
  form.addEventListener("change", () => form.requestSubmit());
});
