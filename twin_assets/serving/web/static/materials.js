// What a draft is written from besides past writing: links, files and texts, added by typing, choosing or dropping.

import { upload } from "./api.js";
import { $, announce, el, errorBox } from "./dom.js";

/** Most links, texts and files of a draft, of each. */
const MOST = 8;

const isField = (target) => target instanceof Element && target.matches('textarea, input:not([type="radio"], [type="checkbox"])');

/** Words dropped into a text field belong there. */
function isForField({ target, dataTransfer }) {
  const { types } = dataTransfer;
  return isField(target) && !types.includes("Files") && !types.includes("text/uri-list") && !onlyLinks(dataTransfer.getData("text/plain")).length;
}

// What is dropped beside its place would otherwise be opened instead of the page, with all that was typed.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => isForField(event) || event.preventDefault());

const linksIn = (text) => text.split(/\s+/).filter((one) => /^https?:\/\/\S/i.test(one));

/** The links of a text that is nothing but links, else none. */
function onlyLinks(text) {
  const links = linksIn(text);
  return links.length === text.split(/\s+/).filter(Boolean).length ? links : [];
}

/** Takes what is dropped on `place`: files to `files(list)`, a text with its web addresses to `links(list, text)`.
 * While something is held over it, `target` is marked. */
export function droppable(place, files, links, target = place) {
  const over = (event, is) => {
    if (isForField(event)) return false;
    event.preventDefault();
    target.classList.toggle("over", is);
    return true;
  };
  place.addEventListener("dragover", (event) => over(event, true));
  place.addEventListener("dragleave", (event) => over(event, false));
  place.addEventListener("drop", (event) => {
    if (!over(event, false)) return;
    const text = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
    if (event.dataTransfer.files.length) files([...event.dataTransfer.files]);
    else links(linksIn(text), text.trim());
  });
}

/** Takes what is pasted anywhere but into a text that is being written: files, and links that stand alone. */
function pastable(fields, files, links) {
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain").trim();
    const found = onlyLinks(text);
    const free = !isField(event.target) || (fields.includes(event.target) && !event.target.value);
    // Office programs put a picture beside the words that were copied: then the words are meant.
    if (event.clipboardData.files.length && !text) files([...event.clipboardData.files]);
    else if (found.length && free) found.forEach(links);
    else return;
    event.preventDefault();
  });
}

const size = (bytes) => bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** The list of materials on the Write page. */
export class Materials {
  constructor() {
    this.links = [];
    this.texts = [];
    this.files = [];
    this.uploading = 0;
    $("add-link").addEventListener("click", () => this.#typed());
    $("link").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#typed();
    });
    $("choose").addEventListener("click", () => $("file").click());
    $("file").addEventListener("change", ({ target }) => {
      this.#upload([...target.files]);
      target.value = "";
    });
    $("add-text").addEventListener("click", () => this.#pasted());
    droppable($("form"), (files) => this.#upload(files), (links, text) => {
      if (links.length) links.forEach((link) => this.#link(link));
      else if (text) this.#text("Dropped text", text);
    }, $("drop"));
    pastable([$("prompt"), $("link")], (files) => this.#upload(files), (link) => this.#link(link));
  }

  #row(kind, title, remove) {
    const state = el("span", { class: "state" });
    const button = el("button", { type: "button", class: "link", "aria-label": `Remove ${title}`, onclick: () => {
      row.remove();
      remove();
      $("link").focus();
    } }, "Remove");
    const row = el("li", {}, el("span", { class: "kind" }, kind), el("span", { class: "name" }, title), state, button);
    $("materials").append(row);
    announce(`Added ${title}`);
    return { row, state };
  }

  #fault(text) {
    $("drop").querySelector(":scope > .error")?.remove();
    if (text) $("drop").append(errorBox(text));
  }

  /** Whether there is room for one more of a kind; else it is said. */
  #room(many, kind) {
    this.#fault(many < MOST ? "" : `A draft takes ${MOST} ${kind}s at most: remove one first.`);
    return many < MOST;
  }

  #kept(list, item, kind, title) {
    if (!this.#room(list.length, kind)) return;
    list.push(item);
    this.#row(kind, title, () => list.splice(list.indexOf(item), 1));
  }

  #typed() {
    const text = $("link").value.trim();
    this.#fault("");
    if (!text) return $("link").focus();
    if (!/^https?:\/\/\S+$/i.test(text)) {
      return this.#fault("This is no link: give one that begins with https://, or paste a text below.");
    }
    $("link").value = "";
    return this.#link(text);
  }

  #link(url) {
    if (!this.links.includes(url)) this.#kept(this.links, url, "link", url);
  }

  #text(title, text) {
    this.#kept(this.texts, { title, text }, "text", title);
  }

  #pasted() {
    const text = $("paste-text").value.trim();
    if (!text) return $("paste-text").focus();
    this.#text($("paste-title").value.trim() || `${text.slice(0, 40)}…`, text);
    $("paste-text").value = $("paste-title").value = "";
    return undefined;
  }

  async #upload(files) {
    for (const file of files) {
      if (!this.#room(this.files.length, "file")) return;
      const stop = new AbortController();
      let id = "";
      const { row, state } = this.#row("file", file.name, () => {
        stop.abort();
        this.files = this.files.filter((one) => one !== id);
      });
      const bar = el("progress", { max: "1", value: "0", "aria-label": `Sending ${file.name}` });
      state.append(bar);
      this.uploading += 1;
      try {
        const found = await upload(file, (share) => (bar.value = share), stop.signal);
        id = found.upload_id;
        this.files.push(id);
        state.replaceChildren(size(found.bytes ?? file.size));
      } catch (error) {
        state.replaceChildren();
        if (error.name !== "AbortError") row.append(errorBox(error));
      }
      this.uploading -= 1;
    }
  }
}
