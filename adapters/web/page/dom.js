// Elements, built by hand: text is text here, never markup.

/**
 * The element of that id.
 * @returns {any}
 */
export const find = (id) => document.getElementById(id);

/**
 * An element with properties (`on` are listeners, `aria` and `data` attributes) and children.
 * @param {string} tag
 * @param {Record<string, any>} properties
 * @param {...(Node | string | null)} children
 */
export function h(tag, { on = {}, aria = {}, data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the icons of the page. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * A button that is an icon; the label is for those who do not see it.
 * @param {string} name
 * @param {string} label
 * @param {(event: Event) => void} onClick
 * @param {Record<string, any>} properties
 */
export function iconButton(name, label, onClick, properties = {}) {
  const { className = "tool", aria = {}, ...rest } = properties;
  return h(
    "button",
    {
      type: "button",
      className,
      title: label,
      on: { click: onClick },
      aria: { label, ...aria },
      ...rest,
    },
    icon(name),
  );
}

const SAID = 20;

/** Has a screen reader say something once it is silent; what was to be said before stays. */
export function announce(text) {
  const live = find("live");
  live.append(h("span", {}, `${text} `));
  while (live.childElementCount > SAID) live.firstElementChild.remove();
}

let warned = 0;

/** Shows and says for a while what went wrong beside an answer. */
export function warn(text) {
  const toast = find("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(warned);
  warned = setTimeout(() => {
    toast.hidden = true;
  }, 8_000);
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "2 hours ago", "in 5 minutes", "now". */
export function when(moment) {
  const seconds = (new Date(moment).getTime() - Date.now()) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return "now";
}

/** Storage that may be denied. */
export function remember(storage, name, value) {
  try {
    if (value === undefined) return storage().getItem(name);
    if (value === null) storage().removeItem(name);
    else storage().setItem(name, value);
  } catch {
    // Then it is remembered as long as the page lives, which is all that can be had.
  }
  return value ?? null;
}
