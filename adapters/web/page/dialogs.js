// What opens above the page: a source, the key, a question back, the shortcuts.

import { find, h, when } from "./dom.js";
import { reviewFlag } from "./turn.js";
import { rendered } from "./markdown.js";

/** Opens a dialog; promises its return value once it is closed. Focus goes back by itself. */
export function open(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

/** Has every dialog close by its buttons and by a click beside it. */
export function prepare() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      const isBeside = event.target === dialog;
      if (isBeside || event.target.closest("[data-close]")) dialog.close();
    });
  }
}

/** Shows a source of an answer where it was asked for. */
export function openSource(turn, citation, from) {
  const dialog = find("passage");
  const passage = turn.passages.find((each) => each.url === citation.url && each.title === citation.title && each.text.includes(citation.quote.slice(0, 40)))
    ?? turn.passages.find((each) => each.title === citation.title && String(each.heading_path) === String(citation.heading_path));
  find("passage-source").textContent = `Source ${citation.n} · ${citation.source}`;
  find("passage-title").textContent = citation.title;
  find("passage-path").textContent = citation.heading_path.filter((each) => each !== citation.title).join(" › ");
  find("passage-quote").replaceChildren(rendered(citation.quote));
  find("passage-whole").hidden = !passage;
  find("passage-whole").open = false;
  find("passage-text").replaceChildren(...(passage ? [rendered(passage.text)] : []));
  find("passage-review").replaceChildren(reviewFlag(citation.peer_reviewed));
  const isLink = /^https?:\/\//i.test(citation.url);
  find("passage-link").hidden = !isLink;
  if (isLink) find("passage-link").href = citation.url;
  const closed = open(dialog);
  placeBeside(dialog, from);
  find("passage-scroll").scrollTop = 0;
  return closed;
}

/** Beside what it belongs to, where there is room; at the bottom of a narrow window. */
function placeBeside(dialog, from) {
  dialog.style.removeProperty("inset");
  if (matchMedia("(max-width: 46rem)").matches) return;
  const at = from.getBoundingClientRect();
  const { width, height } = dialog.getBoundingClientRect();
  const left = Math.max(16, Math.min(at.left - 24, innerWidth - width - 16));
  const below = at.bottom + 10;
  const isRoomBelow = below + height + 16 <= innerHeight;
  const top = isRoomBelow ? below : Math.max(16, at.top - height - 10);
  dialog.style.inset = `${top}px auto auto ${left}px`;
}

/** Asks for a key; promises it, or null. */
export async function askForKey(isRefused) {
  const value = find("key-value");
  value.value = "";
  find("key-error").hidden = !isRefused;
  const given = await open(find("key"));
  value.value = "";
  return given || null;
}

/** Asks whether to delete a conversation. */
export async function confirmDeletion(session) {
  find("confirm-what").textContent = `“${session.title}”, last asked ${when(session.asked_at)}`;
  return (await open(find("confirm"))) === "yes";
}

/** Wires the forms within the dialogs. */
export function prepareForms() {
  find("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    find("key").close(find("key-value").value.trim());
  });
  find("confirm-yes").addEventListener("click", () => find("confirm").close("yes"));
}
