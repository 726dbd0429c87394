// What a draft is written from besides past writing: links, files and texts, added by typing, choosing or dropping.

import { upload } from "./api.js";
import { $, announce, el, errorBox } from "./dom.js";

// What is dropped beside its place would otherwise be opened instead of the page, with all that was typed.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());

/** Takes what is dropped on `place`: files to `files(list)`, the web addresses in a text to `links(list)`. */
export function droppable(place, files, links) {
  const over = (event, is) => {
    event.preventDefault();
    place.classList.toggle("over", is);
  };
  place.addEventListener("dragover", (event) => over(event, true));
  place.addEventListener("dragleave", (event) => over(event, false));
  place.addEventListener("drop", (event) => {
    over(event, false);
    const text = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
    if (event.dataTransfer.files.length) files([...event.dataTransfer.files]);
    else links(text.split(/\s+/).filter((one) => /^https?:\/\//i.test(one)), text.trim());
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
    droppable($("drop"), (files) => this.#upload(files), (links, text) => {
      if (links.length) links.forEach((link) => this.#link(link));
      else if (text) this.#text("Dropped text", text);
    });
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

  #kept(list, item, kind, title) {
    list.push(item);
    this.#row(kind, title, () => list.splice(list.indexOf(item), 1));
  }

  #typed() {
    const text = $("link").value.trim();
    $("drop").querySelector(":scope > .error")?.remove();
    if (!text) return $("link").focus();
    if (!/^https?:\/\/\S+$/i.test(text)) {
      $("drop").append(errorBox("This is no link: give one that begins with https://, or paste a text below."));
      return undefined;
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
