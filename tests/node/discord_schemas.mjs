// JSON Schemas of the requests of Discord's API, from the description that Discord publishes.
// Prints {"<operation>": {method, path, query, body}} for each operation on the command line.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as known from "discord-api-spec/zod";
import ts from "typescript";
import * as z from "zod";

const module = import.meta.resolve("discord-api-spec").replace(/js$/, "ts");
const text = readFileSync(fileURLToPath(module), "utf8");
const source = ts.createSourceFile("spec.ts", text, ts.ScriptTarget.Latest, true);
const named = (node) => node.name.text;
const member = (type, name) => type.members.find((each) => named(each) === name)?.type;

// Discord also takes a snowflake as a number, and a time with its offset.
const SNOWFLAKE = "^(0|[1-9][0-9]*)$";
const schema = (name) =>
  z.toJSONSchema(known[`${name}Schema`], {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      if (jsonSchema.pattern === SNOWFLAKE) jsonSchema.type = ["string", "integer"];
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });

function converted(type) {
  if (ts.isUnionTypeNode(type)) return { anyOf: type.types.map(converted) };
  if (ts.isArrayTypeNode(type)) return { type: "array", items: converted(type.elementType) };
  if (ts.isTypeReferenceNode(type)) return schema(type.typeName.text);
  if (ts.isTypeLiteralNode(type)) return {};
  return type.getText() === "null" ? { type: "null" } : false;
}

const wanted = new Set(process.argv.slice(2));
const found = {};
const paths = source.statements.find((each) => each.name?.text === "Paths");
for (const path of paths.members) {
  for (const method of path.type.members) {
    const operation = /response for (\w+)/.exec(method.getText())?.[1];
    if (!wanted.has(operation)) continue;
    const body = member(method.type, "requestBody");
    const query = member(member(method.type, "parameters"), "query");
    found[operation] = {
      method: named(method).toUpperCase(),
      path: named(path),
      query: query.members?.map(named) ?? [],
      body: body ? converted(body) : false,
    };
  }
}
process.stdout.write(JSON.stringify(found));
