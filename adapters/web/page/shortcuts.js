// What single keys do, outside of text fields; whoever is disturbed by them switches them off.

import { open } from "./dialogs.js";
import { find, remember } from "./dom.js";
import { closeDrawer, isDrawerOpen, narrow, nextTheme, openDrawer } from "./sidebar.js";

const local = () => localStorage;

/** `begin` begins a conversation, `stop` ends the answer that is being made. */
export function prepareShortcuts(conversation, { begin, stop }) {
  const isOn = find("single-keys");
  isOn.checked = remember(local, "docent.keys") !== "off";
  isOn.addEventListener("change", () =>
    remember(local, "docent.keys", isOn.checked ? null : "off"),
  );
  const actions = {
    "/": () => find("question").focus(),
    n: begin,
    l: goToConversations,
    j: () => step(conversation.turns, 1),
    k: () => step(conversation.turns, -1),
    t: nextTheme,
    "?": () => open(find("help")),
  };
  for (let n = 1; n <= 9; n++) actions[n] = () => openSource(conversation.turns, n);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") escape(event, stop);
    else if (isOn.checked && isFree(event)) act(event, actions[event.key]);
  });
}

const isDialogOpen = () => document.querySelector("dialog[open]") !== null;

/** Closes the drawer, or stops the answer. A dialog closes by itself. */
function escape(event, stop) {
  if (isDialogOpen() || event.isComposing) return;
  if (isDrawerOpen()) closeDrawer();
  else stop();
}

/** Whether a key was pressed for nobody else. */
function isFree({ ctrlKey, metaKey, altKey, target }) {
  return !(ctrlKey || metaKey || altKey || isDialogOpen() || target.closest("input, textarea"));
}

function act(event, action) {
  if (!action) return;
  event.preventDefault();
  action();
}

function goToConversations() {
  if (narrow.matches) openDrawer();
  (find("sessions").querySelector("a") ?? find("new")).focus();
}

const focused = (turns) => turns.findIndex((turn) => turn.element.contains(document.activeElement));

function step(turns, by) {
  const at = focused(turns);
  const next = at < 0 ? turns.length - 1 : Math.max(0, Math.min(turns.length - 1, at + by));
  turns[next]?.heading.focus();
}

/** Opens a source of the answer that has the focus, or else of the last one. */
function openSource(turns, n) {
  const turn = turns.at(focused(turns));
  const citation = turn?.citations.find((each) => each.n === n);
  if (citation) turn.actions.openSource(turn, citation, turn.sources);
}
