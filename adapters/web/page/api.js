// The HTTP API: one function to ask it, and the key that it may want.

import { remember } from "./dom.js";

const BASE = new URL("api/v1/", document.baseURI);
const session = () => sessionStorage;

let key = remember(session, "docent.key");
let prompt = null;
let prompting = null;

/** An error that the API described. */
export class Problem extends Error {
  constructor(status, title, detail, retryAfter) {
    super(detail || title);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed in a while. */
  get passes() {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Sets what asks a person for a key: given whether one was refused, it promises one or null. */
export function onKeyNeeded(ask) {
  prompt = ask;
}

/** Whether a key is in use. */
export const hasKey = () => key !== null;

/** Forgets the key, if one was given. */
export function forgetKey() {
  key = remember(session, "docent.key", null);
}

/**
 * A reply that went well. Raises Problem, or Error where the server cannot be reached.
 * @param {string} path
 * @param {{ method?: string, body?: object, headers?: object, signal?: AbortSignal }} how
 */
export async function request(path, { method = "GET", body, headers = {}, signal } = {}) {
  for (;;) {
    const used = key;
    const response = await reach(new URL(path, BASE), {
      method,
      signal,
      credentials: "omit",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(used ? { Authorization: `Bearer ${used}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (problem.status !== 401) throw problem;
    // Another request may have brought a key meanwhile.
    if (used === key && !(await newKey(used !== null))) throw problem;
  }
}

/**
 * The same, as JSON.
 * @param {string} path
 * @param {{ signal?: AbortSignal }} how
 */
export async function json(path, how = {}) {
  return (await request(path, how)).json();
}

async function reach(url, how) {
  try {
    return await fetch(url, how);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server cannot be reached. Please try again in a moment.");
  }
}

async function problemOf(response) {
  const told = await response.json().catch(() => ({}));
  const title = told.title ?? `The server replied with status ${response.status}.`;
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  return new Problem(response.status, title, told.detail, retryAfter);
}

/** Whether a person gave a key; all who wait for one wait for the same. */
async function newKey(refused) {
  prompting ??= prompt(refused).finally(() => {
    prompting = null;
  });
  const given = await prompting;
  if (given) key = remember(session, "docent.key", given);
  return given !== null;
}
