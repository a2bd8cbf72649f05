// Menus are <details>: close on a click elsewhere, on Esc, and when another one opens.
const GAP = 4;

export function startMenus() {
  const open = () => document.querySelectorAll("[data-menu][open]");

  document.addEventListener("click", (event) => {
    open().forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches("[data-menu][open]")) place(event.target);
  }, true);
  document.addEventListener("scroll", (event) => {
    open().forEach((menu) => {
      if (event.target.contains(menu)) place(menu);
    });
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("[data-menu][open]");
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(menu, event.key === "ArrowDown" ? 1 : -1);
    }
  });
}

// Lists that scroll would cut an absolute panel off, so it is placed on the screen itself.
function place(menu) {
  const panel = menu.querySelector(".menu-panel");
  const anchor = menu.querySelector("summary").getBoundingClientRect();
  Object.assign(panel.style, { position: "fixed", right: "auto", top: "0", left: "0" });
  const box = panel.getBoundingClientRect();
  const below = anchor.bottom + GAP;
  const top = below + box.height > innerHeight - GAP ? anchor.top - box.height - GAP : below;
  const left = Math.min(anchor.right - box.width, innerWidth - box.width - GAP);
  panel.style.top = `${Math.max(GAP, top)}px`;
  panel.style.left = `${Math.max(GAP, left)}px`;
}

function step(menu, direction) {
  const items = [...menu.querySelectorAll(".menu-item:not([disabled])")];
  const index = items.indexOf(document.activeElement);
  const next = index < 0 && direction < 0 ? items.length - 1 : index + direction;
  items[(next + items.length) % items.length]?.focus();
}
