// The conversation that is open: what was asked in it, what is being answered, what comes next.

import { json, Problem, request } from "./api.js";
import { announce, find, warn } from "./dom.js";
import { follow } from "./following.js";
import { drop, keep, unsent } from "./outbox.js";
import { Turn } from "./turn.js";

const UNANSWERED = {
  failed: "This question was not answered.",
  withheld: "This answer is from docs that are not answered from here any more.",
};

/** An id that nobody else makes; crypto.randomUUID is missing where there is no HTTPS. */
const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/** `openSource` shows a source of an answer; `changed()` is called when there is more to list. */
export class Conversation {
  constructor({ openSource, changed }) {
    this.actions = {
      openSource: (turn, citation, from) => openSource(citation, from, () => this.passages(turn)),
      rate: (turn, value) => this.rate(turn, value),
    };
    this.changed = changed;
    this.id = null;
    this.turns = [];
    this.leaving = new AbortController();
    this.allArrived = Promise.resolve();
  }

  /** Leaves what is shown, whose answers go on at the server, for an empty one. */
  clear() {
    this.leaving.abort();
    this.leaving = new AbortController();
    this.allArrived = Promise.resolve();
    this.id = null;
    this.turns = [];
    find("turns").replaceChildren();
    this.refresh();
  }

  /** Shows a conversation, and takes up its answers that are still being made. */
  async open(id) {
    this.clear();
    this.id = id;
    const { signal } = this.leaving;
    const waiting = unsent(id);
    const { turns } = await json(`sessions/${id}`, { signal }).catch((error) => {
      // What was sent a moment ago may not have arrived: it is sent again below.
      if (error instanceof Problem && error.status === 404 && waiting.length) return { turns: [] };
      throw error;
    });
    if (signal.aborted) return;
    for (const stored of turns) this.restore(stored);
    const stored = new Set(turns.map((turn) => turn.message_id));
    for (const asked of waiting) {
      if (stored.has(asked.messageId)) drop(asked.messageId);
      else this.run(this.add(asked), { accepted: false });
    }
    this.refresh();
  }

  /** Asks, here or in a conversation that begins with it. */
  ask(question) {
    if (this.id === null) {
      this.id = newId();
      location.hash = this.id;
    }
    const asked = { messageId: newId(), sessionId: this.id, question };
    keep(asked);
    this.run(this.add(asked), { accepted: false });
  }

  /** The turn whose answer is being made, the latest of them. */
  get running() {
    return this.turns.findLast((turn) => !turn.ended) ?? null;
  }

  /** Stops the answer that is being made. */
  async stop() {
    const turn = this.running;
    if (!turn) return;
    await request(`chat/${turn.messageId}/stop`, { method: "POST" }).catch((error) => {
      // It had ended by itself; what it came to is shown.
      if (!(error instanceof Problem && error.status === 409)) throw error;
    });
  }

  /** Sends what a person thinks of an answer. */
  async rate(turn, value) {
    const before = turn.rating;
    turn.showRating(value);
    try {
      await request("feedback", { method: "POST", body: { message_id: turn.messageId, value } });
      announce("Thank you, that is noted.");
    } catch (error) {
      turn.showRating(before);
      warn(`That was not noted. ${error.message}`);
    }
  }

  /** What an answer was made from, which comes with its events, also afterwards. */
  async passages(turn) {
    const keep = (name, data) => {
      if (name === "passages") turn.passages = data.passages;
    };
    const asked = { messageId: turn.messageId, accepted: true };
    if (!turn.passages.length) await follow(asked, keep, this.leaving.signal);
    return turn.passages;
  }

  add(asked) {
    const turn = new Turn(asked, this.actions);
    this.turns.push(turn);
    find("turns").append(turn.element);
    this.refresh();
    turn.element.scrollIntoView({ block: "start" });
    return turn;
  }

  restore(stored) {
    const turn = this.add({ messageId: stored.message_id, question: stored.question });
    if (stored.answer) turn.showAnswer(stored.answer, stored.rating);
    else if (stored.state === "accepted") this.run(turn, { accepted: true });
    else turn.showFailure(UNANSWERED[stored.state], () => this.again(turn));
  }

  /** Follows an answer to its end. A question is sent once those before it have arrived. */
  async run(turn, { accepted }) {
    const { signal } = this.leaving;
    const { messageId, question } = turn;
    const asked = { messageId, sessionId: this.id, question, accepted };
    const before = this.allArrived;
    this.allArrived = new Promise((resolve) => {
      turn.arrived = resolve;
    });
    turn.showState(accepted ? "Looking how far the answer is…" : "Asking…");
    this.refresh();
    try {
      if (accepted) turn.arrived();
      else await before;
      await follow(asked, (name, data) => this.take(turn, name, data), signal);
    } catch (error) {
      if (!signal.aborted) this.fail(turn, error);
    }
    turn.arrived();
    if (!signal.aborted) this.refresh();
  }

  take(turn, name, data) {
    const show = {
      accepted: () => {
        drop(turn.messageId);
        turn.arrived();
        this.changed();
      },
      connected: () => turn.showState("Connected again…"),
      cut: () => {
        turn.showState(`${data.detail} Trying again…`, { isTroubled: true });
        announce(data.detail);
      },
      queued: () =>
        turn.showState(
          data.before === 1
            ? "1 question is before yours…"
            : `${data.before} questions are before yours…`,
        ),
      searching: () => {
        turn.showState("Searching the docs…");
        announce("Searching the docs…");
      },
      passages: () => {
        turn.passages = data.passages;
        turn.showState(
          data.passages.length > 1 ? `Reading ${data.passages.length} passages…` : "Reading…",
        );
      },
      text: () => {
        turn.showState("Writing…");
        turn.showText(data.text);
      },
      postponed: () => turn.showState(data.detail, { isTroubled: true }),
      answer: () => this.finish(turn, data),
      error: () => turn.showFailure(data.detail ?? data.title, () => this.again(turn)),
    }[name];
    show?.();
  }

  finish(turn, answer) {
    const wasShown = turn.text === answer.text;
    turn.showAnswer(answer);
    const count = answer.citations.length;
    const sources = count === 1 ? "1 source" : `${count} sources`;
    announce(`${wasShown ? "" : turn.body.textContent} The answer is complete, with ${sources}.`);
    this.changed();
  }

  fail(turn, error) {
    drop(turn.messageId);
    turn.showFailure(error.message, () => this.again(turn));
  }

  /** Asks anew what had no answer. */
  again(turn) {
    this.turns = this.turns.filter((each) => each !== turn);
    turn.element.remove();
    this.ask(turn.question);
    find("question").focus();
  }

  refresh() {
    find("welcome").hidden = this.turns.length > 0;
    find("stop").hidden = this.running === null;
    const title = this.turns[0]?.question ?? "";
    document.title = title ? `${title.slice(0, 60)} – Docent` : "Docent";
    find("bar-title").textContent = title || "Docent";
    find("conversation-title").textContent = title;
    find("conversation-title").hidden = !title;
  }
}
