// Native dialogs: [data-dialog-open=ID] opens, [data-dialog-close] closes, a click on the backdrop too.
// Focus goes to the element with `autofocus` (Cancel) and back to the opener by the browser itself.
export function openDialog(dialog) {
  if (!dialog.open) dialog.showModal();
}

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) {
      // Without scripts the opener may be a link to a page that asks the same.
      event.preventDefault();
      openDialog(document.getElementById(opener.dataset.dialogOpen));
      const menu = opener.closest("[data-menu]");
      if (menu) menu.open = false;
    } else if (event.target.closest("[data-dialog-close]")) {
      event.target.closest("dialog").close();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    const dialog = event.target;
    if (!(dialog instanceof HTMLDialogElement) || !outside(dialog, event)) return;
    // A form that has been typed into is not thrown away by a stray click.
    if (!dialog.querySelector("form[data-dirty]")) dialog.close();
  });
}

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right
    || event.clientY < box.top || event.clientY > box.bottom;
}
