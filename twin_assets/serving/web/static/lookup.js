// What is looked up in past writing for an answer or a draft: the switch, and what is folded into "Look in …".
// Ask and Write share it, and remember it while the tab is open.

import { getIfThere } from "./api.js";
import { $, el, fill } from "./dom.js";
import { kindLabel } from "./kinds.js";

const KEY = "look-in";
const ALL = { on: true, k: "", kinds: [], sources: [], since: "", before: "", private: false };
const chosen = { ...ALL, ...remembered() };
let known = { kinds: [], sources: [] };
let offered = false;

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function remember() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // A browser that keeps nothing for pages: what is chosen holds for this one.
  }
}

/** What is set of the fields that both requests know, by the name that a program gives them. */
function conditions() {
  const { k, kinds, sources, since, before } = chosen;
  const set = { k: Number(k), kinds, sources, since: moment(since), before: moment(before), scope: chosen.private && "private" };
  return Object.fromEntries(Object.entries(set).filter(([, value]) => (Array.isArray(value) ? value.length : value)));
}

const moment = (date) => date && `${date}T00:00:00Z`;

/** The field `retrieval` of a chat completion. */
export function forChat() {
  if (!chosen.on) return false;
  const { before: until, ...others } = conditions();
  const asked = until ? { ...others, until } : others;
  return Object.keys(asked).length ? asked : true;
}

/** The fields `retrieval`, `k` and `filters` of a draft. */
export function forDraft() {
  if (!chosen.on) return { retrieval: false };
  const { k, since: after, ...filters } = conditions();
  return { retrieval: true, k, filters: after ? { after, ...filters } : filters };
}

/** Why nothing can be found, or "". */
export function lookupFault() {
  const { on, since, before } = chosen;
  return on && since && before && since >= before ? "Nothing was published since a day that comes after “before”: change one of the dates." : "";
}

const listed = (names) => (names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", "));

function said() {
  const { kinds, sources, since, before, k } = chosen;
  const places = [...kinds.map(kindLabel), ...sources];
  const where = places.length ? listed(places) : chosen.private ? "everything" : "everything public";
  return [where, chosen.private && "private, too", since && `since ${since}`, before && `before ${before}`, k && `up to ${k}`].filter(Boolean).join(" · ");
}

function show() {
  $("look-in-more").hidden = !chosen.on;
  $("look-in-said").textContent = said();
  const fault = lookupFault();
  $("look-in-fault").textContent = fault;
  $("look-in-fault").hidden = !fault;
  $("look-anew").hidden = !Object.keys(conditions()).length;
}

function changed() {
  remember();
  show();
}

/** Chips that are pressed or not; where there is but one to choose there is no choice. */
function chips(legend, name, values, label) {
  if (values.length < 2) return null;
  return el("fieldset", {}, el("legend", { class: "label" }, legend), el("div", { class: "segments small" },
    values.map((value) => el("label", {}, el("input", { type: "checkbox", checked: chosen[name].includes(value), onchange: ({ target }) => {
      chosen[name] = target.checked ? [...chosen[name], value] : chosen[name].filter((one) => one !== value);
      changed();
    } }), el("span", {}, label(value))))));
}

function choices() {
  fill($("look-in-choices"), chips("Kinds", "kinds", known.kinds, kindLabel), chips("Sources", "sources", known.sources, String));
}

function fields() {
  $("retrieval").checked = chosen.on;
  $("look-private").checked = chosen.private;
  for (const name of ["k", "since", "before"]) $(`look-${name}`).value = chosen[name];
  choices();
  show();
}

/** What there is to choose from: asked for when somebody wants to choose, or has chosen before. */
async function offer() {
  if (offered) return;
  offered = true;
  const found = await getIfThere("/api/sources").catch(() => null);
  offered = Boolean(found);
  if (!found) return;
  const sources = found.sources ?? [];
  known = { sources: sources.map((one) => one.name), kinds: [...new Set(sources.map((one) => one.kind).filter(Boolean))] };
  // A source that is gone since would leave nothing to be found.
  for (const name of ["kinds", "sources"]) chosen[name] = chosen[name].filter((one) => known[name].includes(one));
  choices();
  changed();
}

for (const [id, name] of [["retrieval", "on"], ["look-private", "private"]]) {
  $(id).addEventListener("change", ({ target }) => {
    chosen[name] = target.checked;
    changed();
  });
}
for (const name of ["k", "since", "before"]) {
  $(`look-${name}`).addEventListener("change", ({ target }) => {
    // A year that is still being typed is no date yet.
    chosen[name] = name === "k" || target.value >= "1900" ? target.value : "";
    changed();
  });
}
$("look-anew").addEventListener("click", () => {
  Object.assign(chosen, structuredClone(ALL));
  changed();
  fields();
  $("look-in-more").querySelector("summary").focus();
});
$("look-in-more").addEventListener("toggle", offer);
fields();
if (chosen.kinds.length || chosen.sources.length) offer();
