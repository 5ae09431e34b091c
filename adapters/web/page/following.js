// An answer, followed to its end over as many connections as that takes.

import { Problem, request } from "./api.js";

const PAUSES = [0.5, 1, 2, 4, 8, 15];
/** Seconds that one may wait for what the server asks to wait for. */
const LONGEST = 60;
/** Milliseconds of silence after which a connection is given up; the server speaks every 15 s. */
const SILENCE = 40_000;

/**
 * Asks, or takes up again what was asked. `notice(name, data)` is told of the API's events, of
 * "text" with all the text so far, of "cut" when that broke, with its reason, and of "connected"
 * after it.
 * Sending twice is safe: the message id is the idempotency key. Raises Problem where it is refused.
 * @param {{ messageId: string, sessionId?: string, question?: string, accepted: boolean }} asked
 * @param {(name: string, data: any) => void} notice
 * @param {AbortSignal} signal
 */
export async function follow(asked, notice, signal) {
  const progress = { accepted: asked.accepted, text: "", ended: false };
  for (let failures = 0; ; failures++) {
    const connection = new AbortController();
    const either = AbortSignal.any([signal, connection.signal]);
    const trouble = { detail: "The connection is lost.", after: 0 };
    const response = await open(asked, progress.accepted, either).catch((error) => {
      if (error instanceof Problem) Object.assign(trouble, bearable(error));
    });
    if (response) {
      if (failures) notice("connected", {});
      progress.text = "";
      for await (const event of events(response.body, connection)) {
        failures = 0;
        take(event, progress, notice);
      }
    }
    if (progress.ended || signal.aborted) return;
    notice("cut", trouble);
    await pause(Math.max(trouble.after, PAUSES[Math.min(failures, PAUSES.length - 1)]), signal);
    if (signal.aborted) return;
  }
}

/** What to wait for; raises what no waiting helps against. */
function bearable(problem) {
  if (!problem.passes || problem.retryAfter > LONGEST) throw problem;
  return { detail: problem.message, after: problem.retryAfter };
}

function open(asked, accepted, signal) {
  const { messageId, sessionId, question } = asked;
  const headers = { Accept: "text/event-stream" };
  if (accepted) return request(`chat/${messageId}`, { headers, signal });
  headers["Idempotency-Key"] = messageId;
  const body = { question, session_id: sessionId };
  return request("chat", { method: "POST", body, headers, signal });
}

function take({ name, data }, progress, notice) {
  if (name === "accepted") progress.accepted = true;
  if (name === "answer" || name === "error") progress.ended = true;
  if (name === "delta" || name === "replaced") {
    progress.text = name === "delta" ? progress.text + data.text : data.text;
    notice("text", { text: progress.text });
  } else {
    notice(name, data);
  }
}

/** Server-sent events, until the connection ends, breaks, or falls silent for too long. */
async function* events(body, connection) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const watch = setTimeout(() => connection.abort(), SILENCE);
      const { value, done } = await reader.read().catch(() => ({ value: "", done: true }));
      clearTimeout(watch);
      if (done) return;
      const blocks = (buffer + value).split("\n\n");
      buffer = blocks.pop();
      yield* blocks.map(parse).filter((event) => event !== null);
    }
  } finally {
    connection.abort();
  }
}

function parse(block) {
  const event = { name: "message", data: "" };
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event.name = line.slice(7);
    if (line.startsWith("data: ")) event.data += line.slice(6);
  }
  return event.data ? { name: event.name, data: JSON.parse(event.data) } : null;
}

/** Waits, but no longer than until the network is back. */
function pause(seconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    // Not all at once after a restart of the server.
    const timer = setTimeout(done, seconds * 1000 * (0.75 + Math.random() / 2));
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
