// What an admin wants to see: the docs that are served, their syncs, the budgets.

import { json } from "./api.js";
import { find, h, when } from "./dom.js";
import { open } from "./dialogs.js";

const number = new Intl.NumberFormat("en");

/** Shows the status, and what it is a moment later. */
export async function showStatus() {
  const body = find("overview-body");
  body.replaceChildren(h("p", { className: "faint" }, "Looking…"));
  const closed = open(find("overview"));
  try {
    const [status, quota] = await Promise.all([json("status"), json("quota")]);
    body.replaceChildren(corpus(status), sources(status.sources), ...budgets(quota.budgets));
  } catch (error) {
    body.replaceChildren(h("p", { className: "error" }, error.message));
  }
  return closed;
}

function corpus({ documents, chunks, generation, since }) {
  const facts = [
    [number.format(documents), documents === 1 ? "document" : "documents"],
    [number.format(chunks), chunks === 1 ? "passage" : "passages"],
    [
      generation === null ? "–" : number.format(generation),
      since ? `generation, written ${when(since)}` : "generation",
    ],
  ];
  const items = facts.map(([figure, what]) =>
    h("li", {}, h("strong", {}, figure), h("span", {}, what)),
  );
  return h("ul", { className: "figures" }, ...items);
}

function sources(all) {
  const head = ["Source", "Documents", "Last sync", "Next"].map((text) =>
    h("th", { scope: "col" }, text),
  );
  const rows = all.map((source) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, source.name, ...troubles(source)),
      h("td", {}, number.format(source.documents)),
      h("td", {}, source.synced ? when(source.synced) : "never"),
      h("td", {}, source.next_sync ? when(source.next_sync) : "by hand"),
    ),
  );
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
  return h("section", {}, h("h3", {}, "Sources"), h("div", { className: "table-frame" }, table));
}

function troubles({ error, unreadable }) {
  const files = Object.entries(unreadable ?? {}).map(([path, reason]) => `${path}: ${reason}`);
  return [error, ...files].filter(Boolean).map((text) => h("span", { className: "trouble" }, text));
}

function budgets(all) {
  if (!all.length) return [];
  const items = all.map(({ provider, unit, period, amount, spent, ends }) => {
    const label = `${provider}, ${unit} a ${period}`;
    const until = ends ? `, anew ${when(ends)}` : "";
    const meter = h("meter", {
      min: 0,
      max: amount,
      value: spent,
      high: amount * 0.8,
      optimum: 0,
      aria: { label },
    });
    return h(
      "li",
      {},
      h("span", {}, label),
      meter,
      h(
        "span",
        { className: "faint" },
        `${number.format(spent)} of ${number.format(amount)}${until}`,
      ),
    );
  });
  return [h("section", {}, h("h3", {}, "Budgets"), h("ul", { className: "budgets" }, ...items))];
}
