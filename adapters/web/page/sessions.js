// The list of conversations.

import { json, Problem, request } from "./api.js";
import { announce, find, h, iconButton, when } from "./dom.js";
import { confirmDeletion } from "./dialogs.js";

/** `deleted(id)` is called when one was deleted, `guarded` takes promises that nobody awaits. */
export class Sessions {
  constructor({ deleted, guarded }) {
    this.deleted = deleted;
    this.guarded = guarded;
    this.current = null;
    this.next = null;
    find("older").addEventListener("click", () => guarded(this.more()));
  }

  /** Reads the latest conversations; older ones that are shown already stay. */
  async load() {
    const { sessions, next } = await json("sessions?limit=30");
    const list = find("sessions");
    const focused = document.activeElement?.closest("#sessions li")?.id;
    for (const session of sessions) find(`s-${session.id}`)?.remove();
    if (!list.childElementCount) this.next = next;
    list.prepend(...sessions.map((session) => this.item(session)));
    if (focused) find(focused)?.firstElementChild.focus();
    this.refresh();
  }

  async more() {
    const before = encodeURIComponent(this.next);
    const { sessions, next } = await json(`sessions?limit=30&before=${before}`);
    find("sessions").append(...sessions.map((session) => this.item(session)));
    this.next = next;
    this.refresh();
  }

  /** Marks the conversation that is open. */
  mark(id) {
    this.current = id;
    for (const link of find("sessions").querySelectorAll("a")) {
      if (link.hash === `#${id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  refresh() {
    find("older").hidden = this.next === null;
    find("no-sessions").hidden = find("sessions").childElementCount > 0;
    this.mark(this.current);
  }

  item(session) {
    const item = h("li", { id: `s-${session.id}` });
    const link = h(
      "a",
      { href: `#${session.id}`, title: session.title },
      h("span", { className: "what" }, session.title),
      h("span", { className: "faint" }, when(session.asked_at)),
    );
    const remove = iconButton("delete", `Delete “${session.title}”`, () =>
      this.guarded(this.delete(session, item)),
    );
    item.append(link, remove);
    return item;
  }

  async delete(session, item) {
    if (!(await confirmDeletion(session))) return;
    await request(`sessions/${session.id}`, { method: "DELETE" }).catch((error) => {
      if (!(error instanceof Problem && error.status === 404)) throw error;
    });
    const neighbour = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("a");
    item.remove();
    this.refresh();
    (neighbour ?? find("new")).focus();
    announce("The conversation is deleted.");
    this.deleted(session.id);
  }
}
