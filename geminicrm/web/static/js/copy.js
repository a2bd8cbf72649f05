// A button with data-copy puts the text of the element of that id on the clipboard, of a link its address.
import { showToast } from "./toasts.js";

export function startCopy() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.href || source.textContent.trim());
      showToast("Copied.");
    } catch {
      // Without https, or the right, there is no clipboard: what is chosen can be copied by hand.
      getSelection().selectAllChildren(source);
      showToast("Press Ctrl+C to copy what is selected.");
    }
  });
}
