// One source: what was found in it, when it is collected next, and what can be done with it.

import { patch, post, remove } from "./api.js";
import { address, announce, busy, confirmed, count, el, errorBox, fill, number, when } from "./dom.js";
import { kindName } from "./kinds.js";
import { follow, statusName } from "./runs.js";

const SCHEDULES = ["hourly", "daily", "weekly", "never"];

export class SourceCard {
  /** `reload()` shows all sources anew; `before` is the card in whose place this one comes: it goes on with its run. */
  constructor(source, reload, before) {
    Object.assign(this, { source, reload, path: `/api/sources/${encodeURIComponent(source.name)}` });
    this.going = before?.following ? before.going : { on: false, progress: el("div", { class: "progress" }) };
    this.progress = this.going.progress;
    this.foot = el("div", {});
    this.element = el("article", { class: `card source${source.paused ? " paused" : ""}`, "aria-label": source.name, "data-source": source.name },
      this.#head(), this.#facts(), this.#fault(), this.#exclusions(), this.progress, this.#actions(), this.foot);
    if (this.following) this.#waits();
  }

  /** Whether a run of it is being followed. */
  get following() {
    return this.going.on;
  }

  #waits() {
    this.going.button = this.collect;
    this.collect.disabled = true;
    this.collect.textContent = "Collecting…";
  }

  #head() {
    const { name, kind, url, path, paused } = this.source;
    return el("div", { class: "source-head" },
      el("h3", {}, name, paused && el("span", { class: "tag" }, "paused")),
      el("p", { class: "kind" }, kindName(kind)), address(url || path));
  }

  #facts() {
    const { documents, last_run: last, next_run: next, paused } = this.source;
    const shown = [
      ["Documents", number(documents ?? 0)],
      ["Last run", last ? [when(last.at), ` · ${statusName(last.status)}`] : "never"],
      ["Next run", paused ? "paused" : next ? when(next) : this.source.url ? "when you ask" : "when its files change"],
    ];
    return el("dl", { class: "facts" }, shown.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, ...[value].flat()))));
  }

  #fault() {
    const error = this.source.last_run?.error;
    return error ? errorBox(error) : null;
  }

  #exclusions() {
    const reasons = Object.entries(this.source.exclusions ?? {}).sort(([, one], [, other]) => other - one);
    if (!reasons.length) return null;
    const total = reasons.reduce((sum, [, many]) => sum + many, 0);
    return el("details", { class: "exclusions" }, el("summary", {}, `${count(total, "thing")} left out`),
      el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Reason"), el("th", { scope: "col", class: "figure" }, "How many"))),
        el("tbody", {}, reasons.map(([reason, many]) => el("tr", {}, el("td", {}, reason.replaceAll("_", " ")), el("td", { class: "figure" }, number(many)))))));
  }

  #actions() {
    const { name, paused, url, schedule } = this.source;
    this.collect = el("button", { type: "button", class: "quiet", "aria-label": `Collect ${name} now`, onclick: () => this.#collect() }, "Collect now");
    const pause = el("button", { type: "button", class: "quiet", "aria-label": `${paused ? "Resume" : "Pause"} ${name}`, onclick: () =>
      busy(pause, "", this.foot, async () => {
        await patch(this.path, { paused: !paused });
        announce(`${name}: ${paused ? "goes on" : "paused"}`);
        await this.#again(paused ? "Pause" : "Resume");
      }) }, paused ? "Resume" : "Pause");
    const forget = el("button", { type: "button", class: "quiet danger", "aria-label": `Forget ${name}`, onclick: () => this.#forget() }, "Forget…");
    return el("div", { class: "actions" }, this.collect, pause, forget, url && this.#schedule(name, schedule));
  }

  #schedule(name, schedule) {
    const known = SCHEDULES.includes(schedule) || !schedule ? SCHEDULES : [...SCHEDULES, schedule];
    const picker = el("select", { "aria-label": `Schedule of ${name}`, onchange: () => busy(picker, "", this.foot, async () => {
      await patch(this.path, { schedule: picker.value });
      announce(`${name}: ${picker.value}`);
      await this.#again();
    }) }, known.map((one) => el("option", { value: one, selected: one === schedule }, one)));
    return el("span", { class: "schedule" }, el("span", { "aria-hidden": "true" }, "Collected"), picker);
  }

  /** Show all anew, and put the focus where it was: on the button that took this one's place. */
  async #again(action = "") {
    await this.reload();
    const { name } = this.source;
    document.querySelector(action ? `[aria-label="${CSS.escape(`${action} ${name}`)}"]` : `select[aria-label="${CSS.escape(`Schedule of ${name}`)}"]`)?.focus();
  }

  #collect() {
    fill(this.foot);
    return busy(this.collect, "Starting…", this.foot, async () => {
      const { run_id: run } = await post(`${this.path}/collect`);
      announce(`Collecting ${this.source.name}`);
      await this.follow(run);
    });
  }

  /** Show a run of it until it ends. */
  async follow(run) {
    if (this.following) return;
    this.going.on = true;
    this.#waits();
    const status = await follow(run, this.progress, this.source.name);
    this.going.on = false;
    this.going.button.disabled = false;
    this.going.button.textContent = "Collect now";
    if (status) await this.reload();
  }

  async #forget() {
    const { name, documents } = this.source;
    const choice = await confirmed(`Forget ${name}?`, [
      el("p", {}, `“Forget” takes its ${count(documents ?? 0, "document")} out of every table, old versions and datasets too. This cannot be undone. Adapters that were trained on them are named, so that you can train anew.`),
      el("p", {}, "“Only stop” removes the source from the list and keeps what was collected."),
    ], [["stop", "Only stop", "quiet"], ["forget", "Forget", "danger"]]);
    if (!choice) return;
    fill(this.progress, el("progress", { "aria-label": `Forgetting ${name}` }), el("p", { class: "note" }, "Taking it out of every table…"));
    try {
      const gone = await remove(`${this.path}?forget=${choice === "forget"}`);
      const rows = Object.values(gone.forgotten?.rows ?? {}).reduce((sum, one) => sum + one, 0);
      const said = choice === "forget" ? `${name} is forgotten: ${count(rows, "row")} removed.` : `${name} is no longer collected.`;
      const retrain = gone.forgotten?.adapters?.length ? ` ${count(gone.forgotten.adapters.length, "adapter was", "adapters were")} trained on it: train anew.` : "";
      await this.reload();
      fill(document.getElementById("recognized"), el("p", { class: "note good" }, said + retrain));
      announce(said + retrain);
    } catch (error) {
      fill(this.progress, errorBox(error));
    }
  }
}
