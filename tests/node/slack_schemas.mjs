// JSON Schemas of the arguments of Slack's Web API methods, from the types of @slack/web-api.
// Prints {"<method>": schema} for each method named on the command line that the package knows.
import { createRequire } from "node:module";
import TJS from "typescript-json-schema";

const types = createRequire(import.meta.url).resolve("@slack/web-api/dist/types/request/index.d.ts");
const program = TJS.getProgramFromFiles([types], { skipLibCheck: true, types: ["node"] });
const generator = TJS.buildGenerator(program, {
  aliasRefs: true,
  ignoreErrors: true,
  noExtraProps: true,
  required: true,
  uniqueNames: false,
});
const capital = (word) => word[0].toUpperCase() + word.slice(1);
const known = new Set(generator.getUserSymbols());
const schemas = {};
for (const method of process.argv.slice(2)) {
  const name = `${method.split(".").map(capital).join("")}Arguments`;
  if (known.has(name)) schemas[method] = generator.getSchemaForSymbol(name);
}
process.stdout.write(JSON.stringify(schemas));
