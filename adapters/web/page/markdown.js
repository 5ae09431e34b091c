// Markdown from a model, as elements: read by marked, cleaned by DOMPurify, finished by hand.

import { h, icon } from "./dom.js";
import { Marked } from "./vendor/marked.js";
import DOMPurify from "./vendor/purify.js";

const ALLOWED = {
  ALLOWED_TAGS: [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h3",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
  ],
  ALLOWED_ATTR: ["href", "start", "data-cite"],
  // Others than these have to be such an address.
  ADD_URI_SAFE_ATTR: ["start", "data-cite"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^https?:\/\//i,
  RETURN_DOM_FRAGMENT: true,
};

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The mark of a source. It comes before Markdown's links, which could give it another target. */
const mark = {
  name: "mark",
  level: "inline",
  start: (source) => source.match(/\[\d{1,3}\]/)?.index,
  tokenizer(source) {
    const found = /^\[(\d{1,3})\](?!\()/.exec(source);
    return found ? { type: "mark", raw: found[0], n: found[1] } : undefined;
  },
  renderer: ({ n }) => `<sup data-cite="${n}">${n}</sup>`,
};

const marked = new Marked({
  gfm: true,
  extensions: [mark],
  renderer: {
    // HTML is shown as it was written. What is not markup here cannot be forged there.
    html: ({ text }) => escaped(text),
    // A picture is fetched from where it lies, which tells others who reads what.
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    // One level, since the outline begins with the question's and must not skip any.
    heading({ tokens }) {
      return `<h3>${this.parser.parseInline(tokens)}</h3>`;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/**
 * Markdown as a fragment. `cite(n)` gives the element for a mark, or null to leave it out.
 * @param {string} markdown
 * @param {(n: number) => Element | null} cite
 */
export function rendered(markdown, cite = () => null) {
  const fragment = DOMPurify.sanitize(marked.parse(markdown), ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    if (!link.href) {
      link.replaceWith(...link.childNodes);
      continue;
    }
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  for (const sup of fragment.querySelectorAll("[data-cite]")) {
    const element = cite(Number(sup.dataset.cite));
    sup.replaceWith(...(element ? [element] : []));
  }
  for (const pre of fragment.querySelectorAll("pre")) pre.replaceWith(codeBlock(pre));
  // What scrolls sideways must do so by keyboard too.
  for (const table of fragment.querySelectorAll("table")) {
    const frame = h("div", {
      className: "table-frame",
      tabIndex: 0,
      role: "group",
      aria: { label: "Table" },
    });
    table.replaceWith(frame);
    frame.append(table);
  }
  return fragment;
}

function codeBlock(pre) {
  const frame = h("div", { className: "code-block" });
  const text = pre.textContent.replace(/\n$/, "");
  frame.append(
    h("pre", { tabIndex: 0, role: "group", aria: { label: "Code" } }, h("code", {}, text)),
  );
  if (navigator.clipboard) frame.append(copyButton(() => text, "Copy the code"));
  return frame;
}

/** A button that copies what `text()` gives. */
export function copyButton(text, label) {
  const button = h(
    "button",
    { type: "button", className: "tool copy", title: label, aria: { label } },
    icon("copy"),
  );
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text());
    button.replaceChildren(icon("done"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1500);
  });
  return button;
}

/** Shows new contents in an element, keeping the blocks that have not changed. */
export function update(element, fragment) {
  const blocks = [...fragment.childNodes];
  const shown = [...element.childNodes];
  let same = 0;
  while (same < blocks.length && shown[same]?.isEqualNode(blocks[same])) same++;
  for (const node of shown.slice(same)) node.remove();
  element.append(...blocks.slice(same));
}

/** Markdown as plain words, for those who listen. */
export function spoken(markdown) {
  const text = rendered(markdown).textContent.trim();
  // Where a mark was left out.
  return text.replace(/\s+(?=[.,;:!?])/g, "");
}
