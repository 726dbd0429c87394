// The Twin page: what is deployed, its scores, the versions of the datasets, and the way back.

import { getIfThere, post } from "./api.js";
import { $, announce, busy, count, el, errorBox, fill, number, table, when } from "./dom.js";
import { scorePlot } from "./plot.js";

const short = (digest) => el("code", { title: digest }, (digest ?? "").slice(0, 12));
const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
const words = (name) => name.replaceAll("_", " ");

/** What is at `path` into a place; what the service has not got, or cannot give, is said there. */
async function into(id, path, missing, show) {
  try {
    const found = await getIfThere(path);
    fill($(id), found ? show(found) : el("p", { class: "empty" }, missing));
  } catch (error) {
    fill($(id), errorBox(error));
  }
  $(id).removeAttribute("aria-busy");
}

function deployedCard({ current, history }) {
  if (!current) {
    return el("p", { class: "notice" }, "No twin is deployed yet. ", el("a", { href: "/" }, "Three steps lead to a first twin."));
  }
  const before = history.find((one) => one.deployment_id === current.previous);
  return el("article", { class: "card deployed" },
    el("h2", {}, "Deployed now"),
    el("dl", { class: "facts" },
      fact("Recipe", current.recipe), fact("Since", when(current.deployed_at)), fact("Adapter", short(current.adapter_digest)),
      current.model_version && fact("Version", String(current.model_version)),
      ...Object.entries(current.dataset_versions ?? {}).map(([name, version]) => fact(words(name), short(version)))),
    current.probe && el("p", { class: "note" }, current.probe),
    before ? rollback(before) : el("p", { class: "note" }, "There is no earlier deployment to go back to."));
}

function rollback(before) {
  const reason = el("input", { type: "text", id: "reason", required: true, maxlength: 500, autocomplete: "off", placeholder: "It answers in another person’s voice" });
  const button = el("button", { type: "submit", class: "danger" }, "Roll back");
  const form = el("form", { class: "rollback", novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    form.querySelector(".error")?.remove();
    if (!reason.value.trim()) {
      form.append(errorBox("Say why: whoever reads the history wants to know."));
      return reason.focus();
    }
    return busy(button, "Rolling back…", form, async () => {
      const done = await post("/api/deployments/rollback", { reason: reason.value.trim() });
      announce("Rolled back");
      await load();
      $("deployed").prepend(el("p", { class: done.notice ? "notice" : "note good" }, done.notice ? `Rolled back. ${done.notice}` : "Rolled back: the next answer comes from the twin before."));
    });
  } },
    el("div", { class: "field" }, el("label", { for: "reason" }, "Roll back, because…"), reason), button,
    el("p", { class: "note" }, "Goes back to ", short(before.adapter_digest), " of recipe ", before.recipe, ", deployed ", when(before.deployed_at), "."));
  return el("details", { class: "back" }, el("summary", {}, "Go back to the twin before"), form);
}

/** The report of what is deployed first, then the others. */
function reports(found, current) {
  if (!found.reports.length) {
    return el("p", { class: "empty" }, "No evaluation yet. Each trained adapter is measured against the base model and the twin before it, on writing that neither has seen.");
  }
  const mine = (report) => report.adapter_digest === current?.adapter_digest;
  const sorted = [...found.reports].sort((one, other) => mine(other) - mine(one));
  const [first, ...rest] = sorted.map((report) => reportCard(report, mine(report)));
  return [first, rest.length > 0 && el("details", { class: "others" }, el("summary", {}, `${count(rest.length, "more report")}`), ...rest)].filter(Boolean);
}

function reportCard(report, deployed) {
  const gain = report.gain?.value;
  return el("article", { class: "card report" },
    el("h3", {}, `Recipe ${report.recipe} `, short(report.adapter_digest),
      el("span", { class: `tag ${report.passed ? "passed" : "failed"}` }, report.passed ? "passed the gate" : "stopped by the gate"), deployed && el("span", { class: "tag" }, "deployed")),
    Number.isFinite(gain) && el("p", { class: "gain" }, `Your unseen writing takes ${Math.abs(100 * gain).toFixed(1)} % ${gain > 0 ? "fewer" : "more"} bits than under the base model.`),
    (report.reasons ?? []).map((reason) => el("p", { class: "note warn" }, reason)),
    scorePlot(report.scores), el("p", { class: "note" }, "Voice: 0 are the base model’s own answers, 1 is your own text."));
}

/** How much a version holds: samples or pairs, and how many of them in each split. */
function holds(counts) {
  const unit = "pairs" in counts ? "pairs" : "samples";
  const split = (name) => counts[`${unit}_${name}`];
  const parts = ["train", "validation", "test"].filter(split).map((name) => `${name} ${number(split(name))}`);
  const people = counts.by_people ? `, ${number(counts.by_people)} of them yours by hand` : "";
  return Number.isFinite(counts[unit]) ? `${number(counts[unit])} ${unit}${parts.length ? `: ${parts.join(", ")}` : ""}${people}` : "";
}

function datasets({ versions }) {
  if (!versions.length) return el("p", { class: "empty" }, "No dataset yet. It is made of your writing once something was collected.");
  return table("Versions of the datasets", ["Dataset", "Version", "Made", "Holds"], versions.slice(0, 20).map((one) =>
    [words(one.dataset), short(one.digest), when(one.created_at), one.readable === false ? "taken away by forgetting" : holds(one.counts ?? {})]));
}

function history({ current, history: past }) {
  if (!past.length) return el("p", { class: "empty" }, "Nothing was deployed yet.");
  return table("Deployments", ["Deployed", "Recipe", "Adapter", "Remark"], past.map((one) => [
    when(one.deployed_at), one.recipe, short(one.adapter_digest),
    [one.deployment_id === current?.deployment_id && el("span", { class: "tag passed" }, "now"), one.probe ? ` ${one.probe}` : ""].filter(Boolean)]));
}

async function load() {
  const away = "This service does not tell its deployments.";
  let current = null;
  await into("deployed", "/api/deployments", away, (found) => {
    current = found.current;
    fill($("history"), history(found));
    return deployedCard(found);
  });
  await Promise.all([
    into("scores", "/api/evaluations", "This service does not tell its evaluations. See the reports in Dagster.", (found) => reports(found, current)),
    into("datasets", "/api/datasets", "This service does not tell its datasets. See `twin datasets list`.", datasets),
  ]);
}

load();
