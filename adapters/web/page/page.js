// The page: its parts, put together.

import { forgetKey, hasKey, json, onKeyNeeded } from "./api.js";
import { Conversation } from "./conversation.js";
import * as dialogs from "./dialogs.js";
import { announce, find, warn } from "./dom.js";
import { Sessions } from "./sessions.js";
import { prepareShortcuts } from "./shortcuts.js";
import { closeDrawer, narrow, prepareSidebar } from "./sidebar.js";
import { showStatus } from "./status.js";

const question = find("question");
let isKnown = false;

const sessions = new Sessions({
  guarded,
  deleted: (id) => {
    if (id === conversation.id) begin();
  },
});
const conversation = new Conversation({
  openSource: dialogs.openSource,
  changed: async () => {
    await (isKnown ? guarded(sessions.load()) : greet());
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

/** Shows what there is for whoever this is; whether they are let in. */
async function greet() {
  const me = await guarded(json("me"));
  isKnown = me !== null;
  find("status").hidden = !me?.permissions.includes("admin");
  find("forget-key").hidden = !hasKey();
  if (isKnown) await guarded(sessions.load());
  return isKnown;
}

function begin() {
  if (location.hash) history.pushState(null, "", location.pathname + location.search);
  conversation.clear();
  sessions.mark(null);
  closeDrawer();
  question.focus();
}

/** Shows the conversation that the address names. */
async function route() {
  const id = location.hash.slice(1);
  if (id === (conversation.id ?? "")) return;
  if (!/^[\w.~-]{1,128}$/.test(id)) {
    begin();
    return;
  }
  closeDrawer();
  sessions.mark(id);
  try {
    await conversation.open(id);
    announce(`Conversation opened: ${document.title}`);
  } catch (error) {
    if (error.name === "AbortError") return;
    begin();
    warn(error.message);
  }
  // On a phone, that would bring up the keyboard.
  if (!narrow.matches) question.focus();
}

function ask(event) {
  event.preventDefault();
  const text = question.value.trim();
  if (!text) return;
  question.value = "";
  grow();
  conversation.ask(text);
  sessions.mark(conversation.id);
  question.focus();
}

function stop() {
  guarded(conversation.stop());
}

/** Fits the field to the question. */
function grow() {
  find("send").disabled = !question.value.trim();
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
}

function prepareQuestion() {
  question.addEventListener("input", grow);
  question.addEventListener("keydown", (event) => {
    // Enter ends the word while an input method composes one.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    find("composer").requestSubmit();
  });
  find("composer").addEventListener("submit", ask);
  find("stop").addEventListener("click", () => {
    stop();
    question.focus();
  });
}

function prepareButtons() {
  find("new").addEventListener("click", begin);
  find("new-small").addEventListener("click", begin);
  find("status").addEventListener("click", showStatus);
  find("shortcuts").addEventListener("click", () => dialogs.open(find("help")));
  find("forget-key").addEventListener("click", () => {
    forgetKey();
    location.reload();
  });
}

async function start() {
  dialogs.prepareDialogs();
  prepareQuestion();
  prepareButtons();
  prepareSidebar();
  prepareShortcuts(conversation, { begin, stop });
  onKeyNeeded(dialogs.askForKey);
  addEventListener("hashchange", route);
  if (await greet()) await route();
}

start();
