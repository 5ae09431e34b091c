// The sidebar: a drawer in a narrow window, and where the theme is chosen.

import { announce, find, remember } from "./dom.js";

const THEMES = ["system", "light", "dark"];
const root = document.documentElement;

/** Whether the window is too narrow for the sidebar to stand beside the conversation. */
export const narrow = matchMedia("(max-width: 56rem)");

export const isDrawerOpen = () => document.body.dataset.drawer === "open";

export function openDrawer() {
  show(true);
  find("new").focus();
}

export function closeDrawer() {
  if (!isDrawerOpen()) return;
  show(false);
  find("menu").focus();
}

function show(isOpen) {
  if (isOpen) document.body.dataset.drawer = "open";
  else delete document.body.dataset.drawer;
  find("menu").setAttribute("aria-expanded", String(isOpen));
  find("veil").hidden = !isOpen;
  find("stage").inert = isOpen;
}

export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "system") + 1) % THEMES.length];
  if (next === "system") delete root.dataset.theme;
  else root.dataset.theme = next;
  remember(() => localStorage, "docent.theme", next === "system" ? null : next);
  nameTheme();
  announce(`Theme: ${next}`);
}

function nameTheme() {
  find("theme").lastElementChild.textContent = `Theme: ${root.dataset.theme ?? "system"}`;
}

/** Wires the sidebar's own parts. */
export function prepareSidebar() {
  find("menu").addEventListener("click", openDrawer);
  find("veil").addEventListener("click", closeDrawer);
  narrow.addEventListener("change", closeDrawer);
  find("theme").addEventListener("click", nextTheme);
  nameTheme();
}
