// The theme without a round trip; the form itself works without scripts.
const YEAR = 365 * 86400;

export function setPreference(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
  document.documentElement.dataset[name] = value;
}

export function startTheme() {
  document.querySelectorAll("[data-theme-form]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = event.submitter;
      setPreference("theme", chosen.value);
      form.querySelectorAll("button").forEach((button) => {
        button.setAttribute("aria-pressed", String(button === chosen));
      });
      const summary = form.closest("details").querySelector("summary");
      summary.setAttribute("aria-label", `Theme: ${chosen.value}`);
      summary.querySelector("use").setAttribute("href", chosen.querySelector("use").getAttribute("href"));
      form.closest("details").open = false;
      summary.focus();
    });
  });
}
