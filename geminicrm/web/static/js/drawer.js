// Below 820 px the navigation is a drawer: focus goes in, Esc and the scrim close it, focus returns.
export function startDrawer() {
  const opener = document.querySelector("[data-drawer-open]");
  const drawer = document.getElementById("sidenav");
  if (!opener || !drawer) return;
  const main = document.querySelector(".shell-main");

  const set = (open) => {
    document.documentElement.dataset.drawer = open ? "open" : "";
    opener.setAttribute("aria-expanded", String(open));
    main.inert = open;
    (open ? drawer.querySelector("a, button") : opener).focus();
  };

  opener.setAttribute("role", "button");
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", "sidenav");
  opener.addEventListener("click", (event) => { event.preventDefault(); set(true); });
  opener.addEventListener("keydown", (event) => {
    if (event.key === " ") { event.preventDefault(); set(true); }
  });
  document.querySelector("[data-drawer-close]").addEventListener("click", (event) => {
    event.preventDefault();
    set(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && main.inert) set(false);
  });
  matchMedia("(max-width: 820px)").addEventListener("change", (change) => {
    if (!change.matches && main.inert) set(false);
  });
}
