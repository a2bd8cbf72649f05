// Menus are <details>: close on a click elsewhere, on Esc, and when another one opens.
export function startMenus() {
  const open = () => document.querySelectorAll("[data-menu][open]");

  document.addEventListener("click", (event) => {
    open().forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
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

function step(menu, direction) {
  const items = [...menu.querySelectorAll(".menu-item:not([disabled])")];
  const index = items.indexOf(document.activeElement);
  const next = index < 0 && direction < 0 ? items.length - 1 : index + direction;
  items[(next + items.length) % items.length]?.focus();
}
