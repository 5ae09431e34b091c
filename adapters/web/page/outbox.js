// Questions that the server has not confirmed yet: they outlive a page that is loaded anew.

import { remember } from "./dom.js";

const NAME = "docent.unsent";
const storage = () => sessionStorage;

const read = () => JSON.parse(remember(storage, NAME) ?? "[]");
const write = (all) => remember(storage, NAME, all.length ? JSON.stringify(all) : null);

/** Keeps what was asked, with the id that makes sending it again safe. */
export const keep = (asked) => write([...read(), asked]);

/** Forgets it: it has arrived, or was refused. */
export const drop = (messageId) => write(read().filter((each) => each.messageId !== messageId));

/** What is left of a conversation, in the order of asking. */
export const unsent = (sessionId) => read().filter((each) => each.sessionId === sessionId);
