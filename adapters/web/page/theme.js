// Runs before the first paint, so that no page flashes in the other theme.
"use strict";
{
  let theme = null;
  try {
    theme = localStorage.getItem("docent.theme");
  } catch {
    // Storage may be denied; the system's theme is used then.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
