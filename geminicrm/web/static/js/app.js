// Entry of every page. Behaviour hangs on data attributes; pages work without any of it.
import { startCopy } from "./copy.js";
import { startDialogs } from "./dialogs.js";
import { startDrawer } from "./drawer.js";
import { startForms } from "./forms.js";
import { startHtmx } from "./htmx-setup.js";
import { startMenus } from "./menus.js";
import { startPalette } from "./palette.js";
import { startShortcuts } from "./shortcuts.js";
import { startTheme } from "./theme.js";
import { startToasts } from "./toasts.js";

startToasts();
startHtmx();
startMenus();
startDialogs();
startDrawer();
startForms();
startCopy();
startTheme();
startPalette();
startShortcuts();
document.documentElement.dataset.ready = "";
