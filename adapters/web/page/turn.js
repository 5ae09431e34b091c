// A question and its answer, as they are shown.

import { announce, h, icon, iconButton } from "./dom.js";
import { copyButton, rendered, spoken, update } from "./markdown.js";

const NOTES = {
  quoted: "Quoted from the docs, without a model.",
  stopped: "Stopped before its end.",
};

const RUNGS = {
  bm25_only: "found by words only",
  no_rerank: "not ranked a second time",
  next_model: "written by the next model in line",
  quotes_only: "quotes only",
};

const place = (citation) =>
  [citation.title, ...citation.heading_path.filter((each) => each !== citation.title)].join(" › ");

/** "40 ms", "2.3 s"; null where it is not known. */
function duration(ms) {
  if (!ms) return null;
  return ms < 950 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Whether a source was reviewed by peers, in a word. */
export function reviewFlag(isReviewed) {
  const className = isReviewed ? "flag reviewed" : "flag unreviewed";
  return h("span", { className }, isReviewed ? "Peer-reviewed" : "Not peer-reviewed");
}

/** `actions` has what a person can do: open a source (turn, citation, from), rate (turn, value). */
export class Turn {
  constructor({ messageId, question }, actions) {
    this.messageId = messageId;
    this.question = question;
    this.passages = [];
    this.citations = [];
    this.text = "";
    this.ended = false;
    this.rating = null;
    this.actions = actions;
    this.arrived = () => {};
    this.body = h("div", { className: "prose" });
    this.state = h("p", { className: "state" });
    this.sources = h("section", { className: "sources", hidden: true, aria: { label: "Sources" } });
    this.notes = h("p", { className: "notes", hidden: true });
    this.foot = h("div", { className: "foot", hidden: true });
    this.heading = h("h2", { className: "asked", tabIndex: -1 }, question);
    const parts = [this.heading, this.body, this.state, this.notes, this.sources, this.foot];
    this.element = h(
      "article",
      { className: "turn", aria: { label: question.slice(0, 80) } },
      ...parts,
    );
  }

  /** Says what is being done; nothing with "". */
  showState(text, { isTroubled = false } = {}) {
    this.state.hidden = !text;
    this.state.classList.toggle("troubled", isTroubled);
    const dots = h("span", { className: "dots", aria: { hidden: "true" } }, h("i"), h("i"), h("i"));
    this.state.replaceChildren(dots, text);
    this.element.setAttribute("aria-busy", String(Boolean(text)));
  }

  /** Shows the text so far, and has what is new in it said. */
  showText(text) {
    const isMore = text.startsWith(this.text);
    const fresh = spoken(isMore ? text.slice(this.text.length) : text);
    this.text = text;
    this.render();
    if (fresh) announce(fresh);
  }

  /** Shows the answer as it stays. */
  showAnswer(answer, rating = null) {
    this.ended = true;
    this.rating = rating;
    this.citations = answer.citations;
    this.text = answer.text;
    this.showState("");
    this.render();
    this.element.dataset.status = answer.status;
    this.showNotes(answer);
    this.showSources();
    this.showFoot(answer);
  }

  /** Shows that there is no answer, and offers to ask once more. */
  showFailure(text, retry = null) {
    this.ended = true;
    this.showState("");
    const again =
      retry &&
      h("button", { type: "button", className: "button", on: { click: retry } }, "Ask again");
    this.body.replaceChildren(h("p", { className: "error" }, text), ...(again ? [again] : []));
    announce(text);
  }

  render() {
    update(
      this.body,
      rendered(this.text, (n) => this.mark(n)),
    );
  }

  mark(n) {
    const citation = this.citations.find((each) => each.n === n);
    if (!citation) return this.ended ? null : h("sup", { className: "mark" }, String(n));
    const label = `Source ${n}: ${place(citation)}`;
    const button = h(
      "button",
      {
        type: "button",
        className: "mark",
        title: place(citation),
        aria: { label, haspopup: "dialog" },
      },
      String(n),
    );
    button.addEventListener("click", () => this.actions.openSource(this, citation, button));
    return button;
  }

  showNotes(answer) {
    const notes = [
      NOTES[answer.status],
      ...answer.rungs.map((rung) => RUNGS[rung] && `This answer was ${RUNGS[rung]}.`),
    ];
    if (answer.status === "quoted") notes.length = 1;
    const shown = notes.filter(Boolean).join(" ");
    this.notes.textContent = shown;
    this.notes.hidden = !shown;
  }

  showSources() {
    this.sources.hidden = !this.citations.length;
    const items = this.citations.map((citation) => h("li", {}, this.sourceButton(citation)));
    this.sources.replaceChildren(h("h3", {}, "Sources"), h("ol", {}, ...items));
  }

  sourceButton(citation) {
    const [title, ...path] = place(citation).split(" › ");
    const button = h(
      "button",
      { type: "button", className: "source", aria: { haspopup: "dialog" } },
      h("span", { className: "number" }, String(citation.n)),
      h(
        "span",
        { className: "words" },
        h("strong", {}, title),
        path.length ? h("span", { className: "path" }, path.join(" › ")) : null,
      ),
      reviewFlag(citation.peer_reviewed),
    );
    button.addEventListener("click", () => this.actions.openSource(this, citation, button));
    return button;
  }

  showFoot(answer) {
    const facts = [
      answer.status === "quoted" ? null : answer.model,
      duration(answer.timings_ms.total),
    ];
    this.foot.hidden = false;
    this.foot.replaceChildren(
      this.thumb("up", "This answer helped"),
      this.thumb("down", "This answer did not help"),
      ...(navigator.clipboard ? [copyButton(() => this.text, "Copy the answer")] : []),
      h("span", { className: "facts" }, facts.filter(Boolean).join(" · ")),
    );
  }

  thumb(value, label) {
    const pressed = () => String(this.rating === value);
    const button = iconButton(value, label, () => this.actions.rate(this, value), {
      aria: { pressed: pressed() },
    });
    button.dataset.rating = value;
    return button;
  }

  /** Shows which thumb is pressed. */
  showRating(value) {
    this.rating = value;
    /** @type {NodeListOf<HTMLElement>} */
    const thumbs = this.foot.querySelectorAll("[data-rating]");
    for (const button of thumbs) {
      button.setAttribute("aria-pressed", String(button.dataset.rating === value));
    }
  }
}
