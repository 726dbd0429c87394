// The Sources page: add, watch, pause, collect and forget where the writing comes from.

import { getIfThere, post, upload } from "./api.js";
import { $, announce, busy, el, errorBox, fill } from "./dom.js";
import { droppable } from "./materials.js";
import { RUNNING } from "./runs.js";
import { kindName, SourceCard } from "./source.js";

const what = $("what");
const recognized = $("recognized");
const followed = new Set();
let uploaded = null;
let asked = 0;
let typing = 0;

function card(source) {
  return new SourceCard(source, load).element;
}

/** Show all sources. Only the newest answer is shown. */
async function load() {
  const mine = ++asked;
  try {
    const found = await getIfThere("/api/sources");
    if (mine !== asked) return;
    if (!found) fill($("sources"), el("p", { class: "empty" }, "This service does not tell its sources. They are in config/sources.yaml."));
    else if (!found.sources.length) fill($("sources"), el("p", { class: "empty" }, "No source yet. Add the address of your blog, a handle, or an export archive above."));
    else fill($("sources"), found.notice && el("p", { class: "notice" }, found.notice), found.sources.map(card));
    if (found) await followRunning();
  } catch (error) {
    fill($("sources"), errorBox(error));
  }
  $("sources").removeAttribute("aria-busy");
}

async function followRunning() {
  const found = await getIfThere("/api/runs?limit=20").catch(() => null);
  for (const run of found?.runs ?? []) {
    if (!run.source || !RUNNING.has(run.status) || followed.has(run.run_id)) continue;
    followed.add(run.run_id);
    document.querySelector(`[data-source="${CSS.escape(run.source)}"]`)?.dispatchEvent(new CustomEvent("run", { detail: run.run_id }));
  }
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
