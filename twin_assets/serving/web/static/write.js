// The Write page: from a prompt and new material to a draft that is edited and accepted.

import { events, get, getIfThere, request } from "./api.js";
import { $, announce, address, busy, copy, count, el, errorBox, fill, number, when } from "./dom.js";
import { Variant } from "./variant.js";
import { forDraft, lookupFault } from "./lookup.js";
import { Materials } from "./materials.js";
import { sources } from "./passage.js";

const form = $("form");
const materials = new Materials();
const FORMATS = Object.fromEntries([...form.elements.format].map((one) => [one.value, one.nextElementSibling.textContent]));
/** Asked for where there is material and nothing else: a draft needs a prompt. */
const FROM_MATERIAL = "Write about the new material.";
let running = null;
let open = { documents: [], variants: [] };

function wanted() {
  const given = materials.links.length + materials.texts.length + materials.files.length;
  return {
    format: form.elements.format.value,
    prompt: $("prompt").value.trim() || (given ? FROM_MATERIAL : ""),
    links: materials.links,
    texts: materials.texts,
    files: materials.files,
    variants: Number($("variants").value),
    tone: $("tone").value.trim() || null,
    length: $("length").value,
    model: $("model").value,
    ...forDraft(),
    stream: true,
  };
}

const say = (text) => ($("progress").textContent = text);

/** What is missing, as something to do; "" when it can be written. */
function lacking(body) {
  if (materials.uploading) return "A file is still being sent: wait until it is there.";
  if (lookupFault()) return lookupFault();
  return body.prompt ? "" : "Say what it is about, or add a link, a file or a text.";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return running.abort();
  const body = wanted();
  const missing = lacking(body);
  fill($("form-error"), missing && errorBox(missing));
  if (missing) return $("prompt").focus();
  return write("/api/drafts", body, body.variants, body.format);
});
$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

/** Stream a draft (or a revision of one) into fresh variants. */
async function write(path, body, howMany, format) {
  running = new AbortController();
  $("send").textContent = "Stop";
  fill($("form-error"));
  say(body.links?.length ? "Reading the material…" : "Looking up past writing…");
  announce("Writing");
  const variants = shown(howMany, format);
  const read = [];
  let finished = null;
  $("drafts").scrollIntoView({ block: "nearest" });
  try {
    for await (const event of events(await request("POST", path, body, running.signal))) {
      if (event.type === "material") {
        read.push(event.material);
        beside([], read);
      } else if (event.type === "sources") {
        beside(event.citations, read);
        say("Writing…");
      } else if (event.type === "delta") {
        variants[event.variant]?.add(event.text);
      } else if (event.type === "draft") {
        finished = event.draft;
      }
    }
    if (finished) show(finished);
    announce(finished ? `Written: ${count(finished.variants.length, "variant")}` : "Nothing was written");
  } catch (error) {
    const stopped = error.name === "AbortError";
    if (!stopped) fill($("form-error"), errorBox(error));
    announce(stopped ? "Stopped" : `Failed: ${error.message}`);
  }
  for (const variant of variants) variant.ended();
  if (!finished && variants.every((variant) => !variant.text)) $("drafts").hidden = true;
  say("");
  $("send").textContent = "Write";
  running = null;
  earlier();
}

function shown(howMany, format) {
  const variants = Array.from({ length: howMany }, (_, index) => new Variant(index, howMany, format, write));
  variants.forEach((one) => (one.siblings = variants));
  fill($("drafts"), el("h2", {}, howMany > 1 ? "Drafts" : "Draft"), el("div", { class: "variants" }, variants.map((one) => one.element)));
  $("drafts").hidden = false;
  return variants;
}

/** A whole draft: its variants, its sources and its material. */
function show(draft) {
  const variants = shown(draft.variants.length, draft.format);
  if (draft.accepted_text) $("drafts").querySelector("h2").after(accepted(draft.accepted_text));
  draft.variants.forEach((variant, index) => variants[index].finish(draft, variant));
  variants.forEach((one) => one.ended());
  open = { documents: (draft.citations ?? []).map((one) => one.document_id), variants };
  beside(draft.citations ?? [], draft.materials ?? [], draft.twin);
}

function accepted(text) {
  const copying = el("button", { type: "button", class: "quiet", onclick: () => copy(copying, text) }, "Copy");
  return el("article", { class: "card accepted" }, el("h3", { class: "good" }, "What you accepted"), el("p", { class: "text" }, text), copying);
}

function beside(citations, read, twin) {
  const parts = [];
  if (read.length) {
    parts.push(el("h2", {}, "New material"), el("ul", { class: "read" }, read.map(materialRow)));
  }
  if (citations.length) {
    parts.push(el("h2", {}, "Past writing"), el("div", { class: "sources" }, sources(citations)));
  } else if (twin) {
    parts.push(el("h2", {}, "Past writing"), el("p", { class: "note" }, twin.retrieval?.error
      ? `Past writing could not be looked up: ${twin.retrieval.error}` : "No past writing was used."));
  }
  fill($("sources"), ...parts);
  $("sources").hidden = !parts.length;
}

function materialRow({ title, url, kind, tokens, used_tokens: used, error }) {
  const share = used < tokens ? `Shortened to ${Math.max(1, Math.round((100 * used) / tokens))} % to fit: ${number(used)} of ${count(tokens, "token")}` : "Read as a whole";
  return el("li", {}, el("span", { class: "name" }, title || url || kind), url !== title && address(url),
    error ? errorBox(error) : el("span", { class: "note" }, share));
}

async function earlier() {
  const found = await getIfThere("/api/drafts?limit=10").catch(() => null);
  const drafts = found?.drafts ?? [];
  $("earlier").hidden = !drafts.length;
  fill($("earlier-list"), drafts.map((draft) => {
    const text = draft.accepted_text ?? draft.variants[0]?.text ?? "";
    const opening = el("button", { type: "button", class: "link", onclick: () => busy(opening, "", row, async () => {
      show(await get(`/api/drafts/${encodeURIComponent(draft.draft_id)}`));
      $("drafts").scrollIntoView({ block: "start" });
      announce("Opened");
    }) }, draft.instruction || text.slice(0, 80) || "untitled");
    const row = el("li", {}, el("div", { class: "of" }, FORMATS[draft.format] ?? draft.format, " · ", when(draft.created_at),
      draft.status === "accepted" && el("span", { class: "good" }, " · accepted")), opening);
    return row;
  }));
}

async function offerVersions() {
  const models = await getIfThere("/v1/models").catch(() => null);
  for (const { id } of models?.data ?? []) {
    if (id.startsWith("twin@")) $("model").append(el("option", { value: id }, `version ${id.slice(5)}`));
  }
}

document.addEventListener("forgotten", ({ detail }) => {
  if (open.documents.some((id) => detail.ids.includes(id))) open.variants.forEach((one) => one.lost());
  earlier();
});
offerVersions();
earlier();
