// Sources under an answer or beside a draft, and the panel that shows a passage in its document.

import { get } from "./api.js";
import { address, announce, count, el, errorBox, fill } from "./dom.js";
import { forgetButton } from "./forgetting.js";

/** What an answer cites, as a list; a title opens the document at the passage. */
export function sources(citations) {
  return el("ol", {}, citations.map((citation) =>
    el("li", { id: citation.anchor, "data-document": citation.document_id },
      el("span", { class: "number" }, `[${citation.number}]`),
      el("div", {},
        el("button", { type: "button", class: "title", "aria-haspopup": "dialog", onclick: () => open(citation) },
          citation.title || citation.url || "untitled"),
        address(citation.url),
        el("blockquote", { tabindex: "0", "aria-label": `Passage ${citation.number}` }, citation.text)))));
}

/** A text whose marks `[1]` open the passages that they stand for; what stands for none stays text. */
export function cited(text, citations) {
  const known = new Map(citations.map((one) => [String(one.number), one]));
  return text.split(/(\[\d+\])/).map((piece) => {
    const citation = known.get(/^\[(\d+)\]$/.exec(piece)?.[1]);
    const label = `Source ${citation?.number}: ${citation?.title || "untitled"}`;
    return citation ? el("button", { type: "button", title: label, "data-document": citation.document_id, "aria-haspopup": "dialog", onclick: () => open(citation) }, piece) : piece;
  });
}

/** The list of sources in a box that can be closed. */
export function sourceBox(citations) {
  if (!citations.length) return null;
  return el("details", { class: "sources", open: true },
    el("summary", {}, count(citations.length, "source")), sources(citations));
}

/** Open the document of a citation in the side panel, scrolled to the passage. */
export async function open({ document_id, start, end, title, url, text }) {
  const body = el("div", { class: "document", "aria-busy": "true" }, el("p", { class: "note" }, "Opening…"));
  const panel = el("dialog", { class: "panel", "aria-label": `Passage in ${title || "a document"}` },
    el("div", { class: "panel-head" },
      el("div", {}, el("h2", {}, title || "untitled"), address(url)),
      el("button", { type: "button", class: "quiet", onclick: () => panel.close() }, "Close")),
    body);
  panel.addEventListener("click", (event) => event.target === panel && panel.close());
  const opener = document.activeElement;
  panel.addEventListener("close", () => {
    panel.remove();
    // What opened it may be gone with its document: then the focus goes to what is left of it.
    if (!opener.isConnected) document.querySelector(".gone")?.focus();
  });
  document.body.append(panel);
  panel.showModal();
  try {
    const query = new URLSearchParams({ start, end });
    show(body, await get(`/api/documents/${encodeURIComponent(document_id)}?${query}`));
    panel.append(forgetButton({ document_id, title }, body));
    announce(`Opened ${title || "the document"} at the passage`);
  } catch (error) {
    // The passage itself came with the answer, so that it can be read all the same.
    fill(body, errorBox(error), el("p", { class: "text" }, el("mark", {}, text)));
  }
  body.removeAttribute("aria-busy");
}

function show(body, found) {
  const facts = [found.source, found.kind, found.published_at?.slice(0, 10), found.scope === "private" && "private"];
  const span = found.span;
  const marked = span && el("mark", { tabindex: "-1" }, slice(found.text, span.start, span.end));
  const text = span
    ? [slice(found.text, 0, span.start), marked, slice(found.text, span.end)]
    : [found.text];
  fill(body,
    el("p", { class: "note" }, facts.filter(Boolean).join(" · ")),
    el("div", { class: "text", tabindex: "0", role: "group", "aria-label": "Text of the document" }, ...text));
  marked?.scrollIntoView({ block: "center" });
}

// A page does not go on showing what was forgotten.
document.addEventListener("forgotten", ({ detail }) => {
  for (const shown of document.querySelectorAll("[data-document]")) {
    if (!detail.ids.includes(shown.dataset.document)) continue;
    if (shown.matches("button")) shown.replaceWith(shown.textContent);
    else fill(shown, shown.querySelector(".number"), el("p", { class: "note gone", tabindex: "-1" }, "Forgotten"));
  }
});

// Spans count characters as Python does, by code points; JavaScript's strings count UTF-16 units.
function slice(text, start, end) {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text).slice(start, end).join("") : text.slice(start, end);
}
