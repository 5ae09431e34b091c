// The page: which part of it does what, and the keys that lead there.

import { forgetKey, hasKey, json, onKeyNeeded } from "./api.js";
import { Conversation } from "./conversation.js";
import * as dialogs from "./dialogs.js";
import { announce, find, remember, warn } from "./dom.js";
import { Sessions } from "./sessions.js";
import { showStatus } from "./status.js";

const local = () => localStorage;
const question = find("question");
const narrow = matchMedia("(max-width: 56rem)");

const sessions = new Sessions({ deleted: (id) => id === conversation.id && begin() });
const conversation = new Conversation({
  openSource: dialogs.openSource,
  changed: async () => {
    await greet();
    sessions.mark(conversation.id);
  },
});

/** What goes wrong beside an answer is shown, and nothing else is lost. */
async function guarded(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.name !== "AbortError") warn(error.message);
    return null;
  }
}

/** Shows what is there for whoever this is; whether they are let in. */
async function greet() {
  const me = await guarded(json("me"));
  find("status").hidden = !me?.permissions.includes("admin");
  find("forget-key").hidden = !hasKey();
  if (me) await guarded(sessions.load());
  return me !== null;
}

function begin() {
  if (location.hash) history.pushState(null, "", location.pathname + location.search);
  conversation.clear();
  sessions.mark(null);
  closeDrawer();
  question.focus();
}

async function route() {
  const id = location.hash.slice(1);
  if (!/^[\w.~-]{1,128}$/.test(id)) return id ? undefined : conversation.id !== null && begin();
  if (id === conversation.id) return undefined;
  closeDrawer();
  sessions.mark(id);
  try {
    await conversation.open(id);
    announce(`Conversation opened: ${document.title}`);
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    begin();
    warn(error.message);
  }
  if (!narrow.matches) question.focus();
  return undefined;
}

// ── The question ────────────────────────────────────────────────────────────────────────────────

function submit(event) {
  event.preventDefault();
  const text = question.value.trim();
  if (!text) return;
  question.value = "";
  grow();
  conversation.ask(text);
  sessions.mark(conversation.id);
  question.focus();
}

function grow() {
  find("send").disabled = !question.value.trim();
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
}

question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  // Enter ends the word while an input method composes one.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find("composer").requestSubmit();
});
find("composer").addEventListener("submit", submit);
find("stop").addEventListener("click", () => {
  guarded(conversation.stop());
  question.focus();
});

// ── The sidebar ─────────────────────────────────────────────────────────────────────────────────

function openDrawer() {
  document.body.dataset.drawer = "open";
  find("menu").setAttribute("aria-expanded", "true");
  find("veil").hidden = false;
  find("stage").inert = true;
  find("new").focus();
}

function closeDrawer() {
  if (!document.body.dataset.drawer) return;
  delete document.body.dataset.drawer;
  find("menu").setAttribute("aria-expanded", "false");
  find("veil").hidden = true;
  find("stage").inert = false;
  find("menu").focus();
}

find("menu").addEventListener("click", openDrawer);
find("veil").addEventListener("click", closeDrawer);
narrow.addEventListener("change", closeDrawer);
find("new").addEventListener("click", begin);
find("new-small").addEventListener("click", begin);
find("status").addEventListener("click", () => showStatus());
find("shortcuts").addEventListener("click", () => dialogs.open(find("help")));
find("theme").addEventListener("click", nextTheme);
find("forget-key").addEventListener("click", () => {
  forgetKey();
  location.reload();
});

function nextTheme() {
  const order = ["system", "light", "dark"];
  const now = document.documentElement.dataset.theme ?? "system";
  const next = order[(order.indexOf(now) + 1) % order.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  remember(local, "docent.theme", next === "system" ? null : next);
  showTheme();
  announce(`Theme: ${next}`);
}

function showTheme() {
  find("theme").lastElementChild.textContent = `Theme: ${document.documentElement.dataset.theme ?? "system"}`;
}

// ── Keys ────────────────────────────────────────────────────────────────────────────────────────

const singleKeys = find("single-keys");
singleKeys.checked = remember(local, "docent.keys") !== "off";
singleKeys.addEventListener("change", () => remember(local, "docent.keys", singleKeys.checked ? null : "off"));

const keys = {
  "/": () => question.focus(),
  n: begin,
  l: () => {
    if (narrow.matches) openDrawer();
    (find("sessions").querySelector("a") ?? find("new")).focus();
  },
  j: () => step(1),
  k: () => step(-1),
  t: nextTheme,
  "?": () => dialogs.open(find("help")),
};

function step(by) {
  const { turns } = conversation;
  const at = turns.findIndex((turn) => turn.element.contains(document.activeElement));
  const next = at < 0 ? turns.length - 1 : Math.max(0, Math.min(turns.length - 1, at + by));
  turns[next]?.heading.focus();
}

/** Opens a source of the answer that has the focus, or else of the last one. */
function openNumbered(n) {
  const { turns } = conversation;
  const turn = turns.find((each) => each.element.contains(document.activeElement)) ?? turns.at(-1);
  const citation = turn?.citations.find((each) => each.n === n);
  if (citation) dialogs.openSource(turn, citation, turn.sources);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (document.body.dataset.drawer) closeDrawer();
    else if (!event.isComposing) guarded(conversation.stop());
    return;
  }
  const isTyping = event.target.closest("input, textarea, select");
  if (isTyping || !singleKeys.checked) return;
  const action = /^[1-9]$/.test(event.key) ? () => openNumbered(Number(event.key)) : keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// ── The beginning ───────────────────────────────────────────────────────────────────────────────

async function start() {
  dialogs.prepare();
  dialogs.prepareForms();
  onKeyNeeded(dialogs.askForKey);
  showTheme();
  addEventListener("hashchange", route);
  if (await greet()) await route();
}

start();
