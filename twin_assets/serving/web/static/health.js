// The Health page: what needs a person now, traffic, latency, feedback, drift, and the newest runs.

import { get, getIfThere, request } from "./api.js";
import { $, announce, busy, el, errorBox, fill, number, table, when } from "./dom.js";
import { parse, percentile, sumBy } from "./metrics.js";
import { bar } from "./plot.js";
import { statusName } from "./runs.js";

const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
const empty = (text) => el("p", { class: "empty" }, text);
const seconds = (value) => (value === null ? "–" : value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} s`);

async function readiness() {
  try {
    return await get("/readyz");
  } catch (error) {
    // A service that is not ready says why in the body of a 503.
    if (error.status !== 503) throw error;
    return (await fetch("/readyz")).json();
  }
}

async function metrics() {
  try {
    return parse(await (await request("GET", "/metrics")).text());
  } catch (error) {
    if (error.missing) return null;
    throw error;
  }
}

/** Everything that needs a person, each with what to do. */
function alerts(ready, sources, runs) {
  const found = (ready.missing ?? []).map((missing) => `Not ready: ${missing}. See “twin status”, start what is missing by “twin up”.`);
  for (const { name, last_run: last } of sources?.sources ?? []) {
    if (last?.error) found.push(`Source ${name}: ${last.error}`);
  }
  const failed = (runs?.runs ?? []).find((run) => run.status === "FAILURE" && !run.source);
  if (failed) found.push(`${failed.job} failed: ${failed.message || "see the run in Dagster for why"}`);
  if (!found.length) return el("p", { class: "card all-well" }, el("span", { class: "good" }, "All is well. "),
      `The engine answers and a twin is deployed. ${runs ? "No run has failed." : "What runs in Dagster is not known here."}`);
  return el("ul", { class: "alerts" }, found.map((text) => el("li", { class: "error" }, text)));
}

function traffic(samples) {
  if (!samples) return empty("This service does not measure its traffic yet: there is no /metrics.");
  const requests = sumBy(samples, (name) => /requests_total$/.test(name), ({ status, status_code: code, code: other }) => `${(status ?? code ?? other ?? "?")[0]}xx`);
  const total = [...requests.values()].reduce((sum, one) => sum + one, 0);
  if (!total) return empty("Nothing was asked since the service was started.");
  const histograms = [...new Set(samples.map(({ name }) => name).filter((name) => /seconds_bucket$/.test(name)))].map((name) => name.replace(/_bucket$/, ""));
  const latencies = histograms.map((name) => [title(name), seconds(percentile(samples, name, 0.5)), seconds(percentile(samples, name, 0.99))]);
  const kinds = [["2xx", "answered", "ok"], ["3xx", "sent on", "other"], ["4xx", "refused", "warned"], ["5xx", "failed", "failed"], ["?xx", "other", "other"]];
  return el("div", { class: "card" },
    bar(`${number(total)} requests since the service was started`, kinds.map(([key, label, kind]) => [label, requests.get(key) ?? 0, kind]).filter(([, value]) => value)),
    latencies.length > 0 && el("table", {}, el("thead", {}, el("tr", {}, ["Latency", "half are below", "99 of 100 are below"].map((head, index) => el("th", { scope: "col", class: index ? "figure" : null }, head)))),
      el("tbody", {}, latencies.map((row) => el("tr", {}, row.map((cell, index) => el("td", { class: index ? "figure" : null }, cell)))))));
}

const title = (name) => name.replace(/^twin_/, "").replace(/_seconds$/, "").replaceAll("_", " ");

function feedback(samples, drafts) {
  const kinds = sumBy(samples ?? [], (name) => /feedback.*_total$/.test(name), ({ kind }) => kind ?? "feedback");
  const accepted = (drafts?.drafts ?? []).filter((draft) => draft.status === "accepted").length;
  const facts = [["thumb_up", "Thumbs up"], ["thumb_down", "Thumbs down"], ["edit", "Edits accepted"]].filter(([kind]) => kinds.has(kind)).map(([kind, label]) => fact(label, number(kinds.get(kind))));
  if (drafts?.drafts.length) facts.push(fact("Of the newest drafts", `${accepted} of ${drafts.drafts.length} accepted`));
  return facts.length ? el("dl", { class: "facts card" }, facts) : empty("No feedback yet. Thumbs and accepted edits on the Write and Ask pages are counted here, and the next twin learns from them.");
}

function runsTable(found) {
  if (!found) return empty("This service does not tell its runs. See them in Dagster.");
  if (!found.runs.length) return empty("Nothing ran yet.");
  const tone = { FAILURE: "warn", SUCCESS: "good" };
  return table("Newest runs", ["Job", "Source", "Started", "Status", "Remark"], found.runs.map((run) =>
    [run.job, run.source ?? "–", when(run.started), el("span", { class: tone[run.status] }, statusName(run.status)), run.message ?? ""]));
}

/** Every part stands alone: what one cannot give is said in its place. */
async function part(id, load) {
  try {
    fill($(id), await load());
  } catch (error) {
    fill($(id), errorBox(error));
  }
}

async function load() {
  const sources = getIfThere("/api/sources").catch(() => null);
  const runs = getIfThere("/api/runs?limit=20");
  const drafts = getIfThere("/api/drafts?limit=100").catch(() => null);
  const measured = metrics();
  await Promise.all([
    part("alerts", async () => alerts(await readiness(), await sources, await runs.catch(() => null))),
    part("traffic", async () => traffic(await measured)),
    part("feedback", async () => feedback(await measured, await drafts)),
    part("drift", async () => empty("Drift is not measured yet. The data reports in Dagster compare each version of the datasets with the one before.")),
    part("runs", async () => runsTable(await runs)),
  ]);
}

$("again").addEventListener("click", ({ currentTarget }) => busy(currentTarget, "Looking…", null, async () => {
  await load();
  announce("Up to date");
}));
load();
