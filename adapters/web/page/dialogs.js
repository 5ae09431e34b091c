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

/** Shows a source of an answer where it was asked for; `passages()` promises what it is from. */
export function openSource(citation, from, passages) {
  find("passage-source").textContent = `Source ${citation.n} · ${citation.source}`;
  find("passage-title").textContent = citation.title;
  find("passage-path").textContent = citation.heading_path
    .filter((each) => each !== citation.title)
    .join(" › ");
  find("passage-quote").replaceChildren(rendered(citation.quote));
  find("passage-review").replaceChildren(reviewFlag(citation.peer_reviewed));
  const isLink = /^https?:\/\//i.test(citation.url);
  find("passage-link").hidden = !isLink;
  if (isLink) find("passage-link").href = citation.url;
  prepareWhole(citation, passages);
  const closed = open(find("passage"));
  placeBeside(find("passage"), from);
  find("passage-scroll").scrollTop = 0;
  return closed;
}

/** Has the passage that the quote is from shown once somebody wants to see it. */
function prepareWhole(citation, passages) {
  const whole = find("passage-whole");
  whole.open = false;
  find("passage-text").textContent = "Looking…";
  whole.ontoggle = async () => {
    if (!whole.open) return;
    whole.ontoggle = null;
    const found = await passages().catch(() => []);
    const passage = found.find((each) => isOf(citation, each));
    find("passage-text").replaceChildren(
      passage ? rendered(passage.text) : "It cannot be had now.",
    );
  };
}

function isOf(citation, passage) {
  const names = ({ title, heading_path, source, url }) =>
    [title, ...heading_path, source, url].join("\n");
  return names(citation) === names(passage);
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

/** Wires what is within the dialogs, which close by their buttons and by a click beside them. */
export function prepareDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", ({ target }) => {
      const isBeside = target === dialog;
      if (isBeside || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
    });
  }
  find("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    find("key").close(find("key-value").value.trim());
  });
  find("confirm-yes").addEventListener("click", () => find("confirm").close("yes"));
}
