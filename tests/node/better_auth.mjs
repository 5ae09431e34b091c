// Starts a Better Auth server with its JWT and admin plugins, on a database of its own. Reads lines
// of JSON from standard input: first {database, alg}, for which it prints its address, then
// commands, for each of which it prints a line of JSON. It ends with its input.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { admin, jwt } from "better-auth/plugins";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { database: file, alg } = JSON.parse((await lines.next()).value);

let handle;
const server = createServer((request, response) => handle(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;

const database = new DatabaseSync(file);
const options = {
  baseURL: base,
  secret: randomBytes(32).toString("hex"),
  database,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    admin(),
    jwt({
      jwks: { keyPairConfig: { alg }, rotationInterval: 3600, gracePeriod: 3600 },
      jwt: { issuer: base, audience: "docent", expirationTime: "15m" },
    }),
  ],
};
const auth = betterAuth(options);
await (await getMigrations(options)).runMigrations();
handle = toNodeHandler(auth);

const commands = {
  // The next token is signed with a new key; the old one is still published.
  rotate: () => database.prepare("UPDATE jwks SET expiresAt = ?").run(new Date(Date.now() - 1000).toISOString()),
  // Keys that have ended are published no more.
  withdraw: () => database.prepare("DELETE FROM jwks WHERE expiresAt < ?").run(new Date().toISOString()),
  ban: ({ email }) => database.prepare("UPDATE user SET banned = 1 WHERE email = ?").run(email),
  sign: async ({ payload, overrides }) =>
    auth.api.signJWT({ body: { payload, overrideOptions: { jwt: { issuer: base, audience: "docent", ...overrides } } } }),
};

console.log(base);
for await (const line of lines) {
  const { command, ...rest } = JSON.parse(line);
  console.log(JSON.stringify((await commands[command](rest)) ?? null, (_, v) => (typeof v === "bigint" ? Number(v) : v)));
}
process.exit(0);
