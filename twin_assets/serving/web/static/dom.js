// Building the page. Everything that comes from models, sources and users enters it as text, never as markup.

export const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a string is a text. `on…` is a listener, null and false leave out. */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Say something to those who do not see the page change. */
export function announce(text) {
  $("live").textContent = text;
}

/** Replace what a place holds. */
export function fill(place, ...children) {
  place.replaceChildren(...children.flat(2).filter(Boolean));
}

/** An error, with what to do. */
export function errorBox(error, ...more) {
  return el("p", { class: "error" }, typeof error === "string" ? error : error.message, ...more);
}

/** An address: a link where it leads to the web, else a text. */
export function address(url, className = "url") {
  if (!url) return null;
  if (!/^https?:\/\//i.test(url)) return el("span", { class: className }, url);
  return el("a", { class: className, href: url, target: "_blank", rel: "noopener noreferrer" }, url);
}

/** Do what a button is for, once at a time, with the button saying so; an error is shown at `place`. */
export async function busy(button, label, place, work) {
  const before = button.textContent;
  button.disabled = true;
  if (label) button.textContent = label;
  place?.querySelector(":scope > .error")?.remove();
  try {
    return await work();
  } catch (error) {
    place?.append(errorBox(error));
    announce(`Failed: ${error.message}`);
    return undefined;
  } finally {
    button.disabled = false;
    if (label) button.textContent = before;
  }
}

/** A number as people read it. */
export const number = (value) => Number(value).toLocaleString("en");

/** `1 source`, `2 sources`. */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** A time relative to now, with the exact one as a tip. */
export function when(iso) {
  const date = new Date(iso);
  if (!iso || Number.isNaN(date.getTime())) return el("span", {}, "–");
  const seconds = (date - Date.now()) / 1000;
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  const far = Math.abs(seconds) > 30 * 86_400;
  const text = far ? date.toLocaleDateString("en", { dateStyle: "medium" })
    : unit ? RELATIVE.format(Math.round(seconds / unit[1]), unit[0]) : seconds > 0 ? "in a moment" : "just now";
  return el("time", { datetime: iso, title: date.toLocaleString("en") }, text);
}

const THUMB = "M7 10v10H4a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zm0 0 4-7a2.5 2.5 0 0 1 2.4 3.1L12.8 9H18a2 2 0 0 1 2 2.3l-1.2 7a2 2 0 0 1-2 1.7H7";

/** Two buttons that say what a person thinks of something: `judge(kind)`, `thumb_up` or `thumb_down`, keeps it. */
export function thumbs(up, down, place, judge) {
  const buttons = [["thumb_up", up], ["thumb_down", down]].map(([kind, label]) => {
    const sign = svg("svg", { viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": "true", class: kind },
      svg("path", { d: THUMB, fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linejoin": "round" }));
    const button = el("button", { type: "button", class: "icon", title: label, "aria-label": label, "aria-pressed": "false", onclick: () =>
      busy(button, "", place, async () => {
        await judge(kind);
        buttons.forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
        announce("Thank you: noted");
      }) }, sign);
    return button;
  });
  return buttons;
}

/** A table; on a phone each row is a block whose cells carry their heads. */
export function table(label, heads, rows) {
  const cell = (content, index) => el("td", { "data-head": heads[index] }, el("div", {}, ...[content].flat()));
  return el("table", { class: "rows", "aria-label": label },
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell)))));
}

/** Grow a text field with its text. */
export function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

/** Copy, and say so on the button. */
export async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announce("Copied");
  } catch {
    button.textContent = "Not allowed: select and copy by hand";
    announce("The browser does not allow copying. Select the text and copy it by hand.");
  }
  setTimeout(() => (button.textContent = before), 2500);
}

/** Ask before doing: resolves to the value of the button that was pressed, or "" when it was closed. */
export function confirmed(title, body, choices) {
  const dialog = el(
    "dialog", { class: "confirm", "aria-labelledby": "confirm-title" },
    el("h2", { id: "confirm-title" }, title), ...body,
  );
  const buttons = [["", "Cancel", "quiet"], ...choices].map(([value, label, className]) =>
    el("button", { type: "button", class: className, onclick: () => dialog.close(value) }, label));
  dialog.append(el("div", { class: "actions" }, buttons));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
