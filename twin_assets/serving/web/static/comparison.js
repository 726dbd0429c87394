// "Compare with": a variant beside what it was written as, revised from, or another variant.

import { el, fill } from "./dom.js";
import { difference, marked, summary } from "./diff.js";

export class Comparison {
  /** `against` is a list of `[label, text()]`; `text()` is the variant as it stands. */
  constructor(name, text, against) {
    Object.assign(this, { text, against });
    this.picker = el("select", { "aria-label": `Compare ${name} with`, onchange: () => this.show() },
      el("option", { value: "" }, "nothing"), against.map(([label], index) => el("option", { value: index }, label)));
    this.changes = el("div", { class: "changes", tabindex: "0", role: "group", hidden: true });
    this.total = el("p", { class: "note", "aria-live": "polite" });
    this.element = el("div", { class: "comparison" },
      el("span", { class: "choice" }, el("span", { "aria-hidden": "true" }, "Compare with"), this.picker), this.total, this.changes);
  }

  /** Show the difference to what is chosen, as the texts are now. */
  show() {
    const chosen = this.against[this.picker.value];
    this.changes.hidden = !chosen;
    this.total.textContent = "";
    if (!chosen) return;
    const [label, before] = chosen;
    const pieces = difference(before(), this.text());
    this.changes.setAttribute("aria-label", `Difference to ${label}`);
    fill(this.changes, marked(pieces));
    this.total.textContent = summary(pieces);
  }
}
