// Forgetting a document that is open: what will happen is said before it is done, what happened and what follows after.

import { remove } from "./api.js";
import { announce, busy, confirmed, count, el, fill } from "./dom.js";

/** A button that forgets a document after asking; `place` then shows what came of it. Pages hear "forgotten". */
export function forgetButton({ document_id: id, title }, place) {
  const name = title ? `“${title}”` : "this document";
  const foot = el("div", { class: "panel-foot" });
  const button = el("button", { type: "button", class: "quiet danger", "aria-haspopup": "dialog", onclick: async () => {
    if (!(await confirmed(`Forget ${name}?`, warning(), [["forget", "Forget", "danger"]]))) return;
    await busy(button, "Forgetting…", foot, async () => {
      const gone = await forgotten(id);
      foot.remove();
      const shown = outcome(gone, name);
      fill(place, shown);
      shown.focus();
      announce(`Forgotten: ${name}`);
      document.dispatchEvent(new CustomEvent("forgotten", { detail: { ids: [id, ...gone.forgotten] } }));
    });
  } }, "Forget this document…");
  foot.append(button);
  return foot;
}

function warning() {
  return [
    el("p", {}, "It is taken out of every table, every dataset and all their old versions, with its copies from other sources and with the drafts and answers that cite it. It is not collected again."),
    el("p", {}, "What was trained on it is trained anew without it. This cannot be undone."),
  ];
}

async function forgotten(id) {
  try {
    return await remove(`/api/documents/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error.status === 409) error.message = `Nothing was forgotten yet. ${error.message}`;
    throw error;
  }
}

function outcome({ forgotten: ids, rows, datasets, adapters }, name) {
  const tables = Object.values(rows).filter((many) => many > 0);
  const total = tables.reduce((sum, many) => sum + many, 0);
  const copies = ids.length > 1 ? ` and ${count(ids.length - 1, "copy of it", "copies of it")}` : "";
  return el("div", { class: "outcome", tabindex: "-1", role: "group", "aria-label": "What was forgotten" },
    el("h3", { class: "good" }, "Forgotten"),
    el("p", {}, `${name}${copies}: ${count(total, "row")} of ${count(tables.length, "table")} removed. It will not be collected again.`),
    el("h3", {}, "What follows"),
    ...follows(datasets, adapters));
}

function follows(datasets, adapters) {
  if (!datasets.length && !adapters.length) return [el("p", {}, "Nothing was trained on it, so nothing is trained anew.")];
  return [
    datasets.length > 0 && el("p", {}, `${count(datasets.length, "dataset version")} held it and can no longer be read. The next runs make the datasets without it:`),
    names(datasets),
    adapters.length > 0 && el("p", {}, `${count(adapters.length, "adapter was", "adapters were")} trained on it, and will be trained anew. Until the new one is deployed, the twin that answers may still know what it read:`),
    names(adapters),
  ].filter(Boolean);
}

const names = (digests) => digests.length > 0 && el("ul", { class: "digests" }, digests.map((one) => el("li", {}, el("code", { title: one }, one.slice(0, 12)))));
