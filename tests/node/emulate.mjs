// Starts emulate's Slack. Reads one line of JSON, {seed, events}, from standard input, prints the
// base address of the Web API, and ends with its input. `events` is where signed events are sent.
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createEmulator } from "emulate";

// emulate can send Slack's events, but takes no subscription to them: its plugin is asked for the
// part that sends, before the emulator that shares this module starts.
const dist = new URL(".", import.meta.resolve("emulate"));
const holdsSlack = (name) =>
  name.startsWith("dist-") && readFileSync(new URL(name, dist), "utf8").includes("  slackPlugin\n");
const file = readdirSync(fileURLToPath(dist)).find((name) => name.endsWith(".js") && holdsSlack(name));
const { slackPlugin } = await import(new URL(file, dist));
const register = slackPlugin.register;
let webhooks;
slackPlugin.register = (app, store, sender, ...rest) => {
  webhooks = sender;
  register(app, store, sender, ...rest);
};

// emulate reads arguments from a POST's body alone, while Slack's SDKs send some in the query; and
// what it does not know it answers with a page, as Slack does not.
async function translated(request, base) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const { pathname, searchParams } = new URL(request.url, base);
  const { authorization, "content-type": type } = request.headers;
  const written = Buffer.concat(parts);
  const body = searchParams.size ? searchParams.toString() : written;
  const form = "application/x-www-form-urlencoded";
  const headers = { "content-type": searchParams.size ? form : (type ?? form) };
  if (authorization) headers.authorization = authorization;
  return fetch(new URL(pathname, base), { method: "POST", headers, body });
}

const input = createInterface({ input: process.stdin });
input.once("line", async (line) => {
  const { seed, events } = JSON.parse(line);
  const emulator = await createEmulator({ service: "slack", port: 0, seed: { slack: seed } });
  if (events) webhooks.register({ owner: "slack", active: true, events: ["*"], url: events });
  const front = createServer(async (request, response) => {
    const reply = await translated(request, emulator.url);
    const unknown = JSON.stringify({ ok: false, error: "unknown_method" });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(reply.status === 404 ? unknown : await reply.text());
  });
  front.listen(0, "127.0.0.1", () => {
    console.log(`http://127.0.0.1:${front.address().port}/api/`);
  });
  input.on("close", () => process.exit(0));
});
