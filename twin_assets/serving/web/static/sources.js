// The Sources page: add, watch, pause, collect and forget where the writing comes from.
// Collections are looked for again while the page is open and seen: most begin by themselves.

import { getIfThere, post, upload } from "./api.js";
import { $, announce, busy, el, errorBox, fill } from "./dom.js";
import { kindName } from "./kinds.js";
import { droppable } from "./materials.js";
import { RUNNING } from "./runs.js";
import { SourceCard } from "./source.js";

const what = $("what");
const recognized = $("recognized");
const EVERY = 3000;
const followed = new Set();
let cards = new Map();
let uploaded = null;
let asked = 0;
let typing = 0;

/** Show all sources. Only the newest answer is shown. */
async function load() {
  const mine = ++asked;
  try {
    const found = await getIfThere("/api/sources");
    if (mine !== asked) return;
    if (!found) fill($("sources"), el("p", { class: "empty" }, "This service does not tell its sources. They are in config/sources.yaml."));
    else if (!found.sources.length) fill($("sources"), el("p", { class: "empty" }, "No source yet. Add the address of your blog, a handle, or an export archive above."));
    else show(found);
    if (found) await watch();
  } catch (error) {
    fill($("sources"), errorBox(error));
  }
  $("sources").removeAttribute("aria-busy");
}

function show({ sources, notice }) {
  const focused = document.activeElement?.closest("#sources") && document.activeElement.getAttribute("aria-label");
  cards = new Map(sources.map((source) => [source.name, new SourceCard(source, load, cards.get(source.name))]));
  fill($("sources"), notice && el("p", { class: "notice" }, notice), [...cards.values()].map((one) => one.element));
  if (focused) $("sources").querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
}

/** Follow the collections that began by themselves, as that of a source just added; show what came of one missed. */
async function watch() {
  const mine = asked;
  const found = await getIfThere("/api/runs?limit=20").catch(() => null);
  if (mine !== asked) return;
  // Newest first in the answer: of several runs of one source the newest is kept.
  const newest = new Map((found?.runs ?? []).filter((run) => run.source).reverse().map((run) => [run.source, run]));
  let missed = false;
  for (const [name, card] of cards) {
    const run = newest.get(name);
    if (!run || followed.has(run.run_id) || card.following) continue;
    followed.add(run.run_id);
    if (RUNNING.has(run.status)) card.follow(run.run_id);
    else missed ||= run.run_id !== card.source.last_run?.run_id;
  }
  if (missed) await load();
}

async function recognize() {
  const text = what.value.trim();
  uploaded = null;
  if (!text) return fill(recognized);
  const mine = ++typing;
  try {
    const found = await post("/api/sources/recognize", { what: text });
    if (mine === typing) showRecognized(found);
  } catch (error) {
    if (mine === typing && !error.missing) fill(recognized, errorBox(error));
  }
  return undefined;
}

function showRecognized({ kind, name, advice }) {
  if (!kind) return fill(recognized, errorBox(advice || "This is of no kind that is known. Give a link, a handle, a folder or an export archive."));
  return fill(recognized,
    el("p", { class: "found" }, "This is ", el("strong", {}, kindName(kind)),
      name && [", to be called ", el("strong", {}, name)]),
    advice && el("p", { class: "note" }, advice));
}

async function take(file) {
  const bar = el("progress", { max: "1", value: "0", "aria-label": `Sending ${file.name}` });
  fill(recognized, el("p", { class: "note" }, `Sending ${file.name}…`), bar);
  try {
    const found = await upload(file, (share) => (bar.value = share));
    what.value = found.name;
    uploaded = found.upload_id;
    showRecognized({ ...found, name: "" });
    $("add").focus();
    announce(found.kind ? `${found.name} is ${kindName(found.kind)}. Press Add.` : "Sent. Its kind is not known.");
  } catch (error) {
    fill(recognized, errorBox(error));
  }
}

$("adding").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = what.value.trim();
  if (!text) return what.focus();
  clearTimeout(waiting);
  typing += 1;
  return busy($("add"), "Adding…", recognized, async () => {
    const { source } = await post("/api/sources", uploaded ? { upload_id: uploaded } : { what: text });
    what.value = "";
    uploaded = null;
    fill(recognized, el("p", { class: "note good" }, `Added ${source.name}.`));
    announce(`Added ${source.name}`);
    await load();
  });
});

let waiting = 0;
what.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(recognize, 350);
});
$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", ({ target }) => {
  if (target.files.length) take(target.files[0]);
  target.value = "";
});
droppable($("adding"), ([file]) => take(file), (links, text) => {
  what.value = links[0] ?? text;
  recognize();
});
load();
setInterval(() => document.visibilityState === "visible" && watch(), EVERY);
