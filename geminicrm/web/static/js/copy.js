// Buttons with data-copy put that text on the clipboard, also those that come with a fragment.
import { showToast } from "./toasts.js";

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      showToast("Copied.");
    } catch {
      // Without https a browser gives no clipboard.
      showToast("The browser does not allow copying: select the text instead.", { category: "error" });
    }
  });
}
