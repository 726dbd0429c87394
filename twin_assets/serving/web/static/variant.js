// One variant of a draft: it streams in, is edited by hand, judged, revised, copied and accepted.

import { post } from "./api.js";
import { Comparison } from "./comparison.js";
import { announce, busy, copy, count, el, fill, grow, number, thumbs } from "./dom.js";
import { weightedLength } from "./weights.js";

/** Most characters: of the whole on LinkedIn, of each post on X; and how the platform counts them. */
const LIMITS = { linkedin_post: 3000, x_thread: 280 };
const LENGTHS = { linkedin_post: (text) => text.length, x_thread: weightedLength };
const inCharacters = (text) => Array.from(text).length;
/** The posts of a thread that was edited: what empty lines part. */
const posts = (text) => text.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean);

export class Variant {
  /** `write(path, body, howMany, format)` streams a revision in the place of the draft. */
  constructor(index, of, format, write) {
    const name = of > 1 ? `Variant ${index + 1}` : "Draft";
    Object.assign(this, { index, name, format, write, draft: null, written: "", parts: [], siblings: [], comparison: null });
    this.field = el("textarea", { class: "writing", "aria-label": name, readonly: true, rows: "3", oninput: () => {
      this.#changed();
      for (const one of this.siblings) one.comparison?.show();
    } });
    this.count = el("span", { class: "count" });
    this.warnings = el("div", { class: "warnings" });
    this.compared = el("div", {});
    this.tools = el("div", { class: "tools" });
    this.element = el("article", { class: "variant card", "aria-busy": "true" },
      el("header", {}, el("h3", {}, name), this.count), this.field, this.compared, this.warnings, this.tools);
  }

  get text() {
    return this.field.value;
  }

  /** More text of the stream. */
  add(text) {
    this.field.value += text;
    this.#changed();
  }

  /** What was written in the end, with what can be done with it. */
  finish(draft, variant) {
    this.draft = draft;
    this.written = variant.text;
    this.parts = variant.parts ?? [];
    this.field.value = this.written;
    this.field.readOnly = false;
    fill(this.warnings, (variant.warnings ?? []).map((warning) => el("p", { class: "note warn" }, warning)));
    fill(this.tools, ...this.#tools());
    this.comparison = new Comparison(this.name, () => this.text, this.#others());
    fill(this.compared, this.comparison.element);
    this.#changed();
  }

  /** What it can be compared with, and how that text is found. */
  #others() {
    const others = this.siblings.filter((one) => one !== this);
    return [
      ["the draft as written", () => this.written],
      this.draft.revised_from && ["the text before this revision", () => this.draft.revised_from],
      ...others.map((one) => [one.name.toLowerCase(), () => one.text]),
    ].filter(Boolean);
  }

  /** The stream is over. */
  ended() {
    this.element.removeAttribute("aria-busy");
    this.field.readOnly = false;
    grow(this.field);
  }

  /** What it was written from is forgotten, and the draft with it: the text can only be taken along. */
  lost() {
    const copying = el("button", { type: "button", class: "quiet", onclick: () => copy(copying, this.text) }, "Copy");
    fill(this.tools, el("p", { class: "note warn" }, "It cites what was forgotten, and is no longer kept."), el("div", { class: "actions" }, copying));
    this.back = null;
  }

  #changed() {
    grow(this.field);
    const limit = LIMITS[this.format];
    const unedited = this.text === this.written && this.parts.length;
    const parts = this.format !== "x_thread" ? [this.text] : unedited ? this.parts : posts(this.text);
    const longest = Math.max(0, ...parts.map(LENGTHS[this.format] ?? inCharacters));
    const total = this.format === "x_thread"
      ? `${count(parts.length, "post")}, the longest ${longest} of ${limit}`
      : `${number(longest)}${limit ? ` of ${number(limit)}` : ""} characters`;
    const edited = this.draft && this.text !== this.written ? " · edited" : "";
    this.count.textContent = total + edited;
    this.count.classList.toggle("warn", Boolean(limit) && longest > limit);
    if (this.back) this.back.hidden = !edited;
    this.comparison?.show();
  }

  #tools() {
    const place = this.tools;
    const id = encodeURIComponent(this.draft.draft_id);
    const accept = el("button", { type: "button", onclick: () => busy(accept, "Accepting…", place, () => this.#accept(id)) }, "Accept");
    const copying = el("button", { type: "button", class: "quiet", onclick: () => copy(copying, this.text) }, "Copy");
    this.back = el("button", { type: "button", class: "quiet", hidden: true, onclick: () => {
      this.field.value = this.written;
      this.#changed();
      this.field.focus();
    } }, "Undo edits");
    const judge = (kind) => post("/api/feedback", { draft_id: this.draft.draft_id, variant: this.index, kind });
    const judging = thumbs("Sounds like me", "Does not sound like me", place, judge);
    const wish = el("input", { type: "text", "aria-label": "What to change", placeholder: "What to change" });
    const revise = el("form", { class: "revise", onsubmit: (event) => {
      event.preventDefault();
      const instruction = wish.value.trim();
      if (!instruction) return wish.focus();
      const text = this.text.trim() && this.text !== this.written ? this.text : undefined;
      return this.write(`/api/drafts/${id}/revise`, { instruction, variant: this.index, text, stream: true }, 1, this.format);
    } }, wish, el("button", { type: "submit", class: "quiet" }, "Revise"));
    return [el("div", { class: "actions" }, accept, copying, this.back, ...judging), revise];
  }

  async #accept(id) {
    const kept = await post(`/api/drafts/${id}/accept`, { variant: this.index, text: this.text });
    const learnt = kept.preference
      ? "Accepted. Your edits are kept as a preference: the next twin learns from them, unless they are of writing it is tested with."
      : "Accepted.";
    this.tools.querySelector(".good")?.remove();
    this.tools.prepend(el("p", { class: "note good" }, learnt));
    announce(learnt);
  }
}
