// Serves the fixtures that come as one line of JSON on stdin, tells its address, and ends with stdin.
import { createInterface } from "node:readline";
import { LLMock } from "@copilotkit/aimock";

const lines = createInterface({ input: process.stdin });
let mock;

lines.once("line", async (line) => {
  const { fixtures, rerank } = JSON.parse(line);
  mock = new LLMock({ port: 0, logLevel: "silent" });
  mock.addFixturesFromJSON(fixtures);
  for (const [query, results] of Object.entries(rerank)) mock.onRerank(query, results);
  await mock.start();
  console.log(mock.url);
});

lines.once("close", async () => {
  await mock?.stop();
  process.exit(0);
});
