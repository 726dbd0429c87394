// The Health page: what needs a person now, traffic, latency, feedback, drift, and the newest runs.

import { get, getIfThere, request } from "./api.js";
import { $, announce, busy, el, errorBox, fill, number, table, when } from "./dom.js";
import { parse, percentile, sumBy } from "./metrics.js";
import { alertItem, driftVerdicts, feedbackByDay, seconds, trafficByDay } from "./monitoring.js";
import { bar } from "./plot.js";
import { statusName } from "./runs.js";

const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
const empty = (text) => el("p", { class: "empty" }, text);

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

/** Everything that needs a person, each with what to do. Sources that failed say themselves why. */
function alerts(ready, sources, runs, monitored) {
  const broken = (monitored?.alerts ?? []).filter(({ metric }) => metric !== "failed_sources" || !sources);
  const found = (ready.missing ?? []).map((missing) => `Not ready: ${missing}. See “twin status”, start what is missing by “twin up”.`);
  for (const { name, last_run: last } of sources?.sources ?? []) {
    if (last?.error) found.push(`Source ${name}: ${last.error}`);
  }
  const failed = (runs?.runs ?? []).find((run) => run.status === "FAILURE" && !run.source);
  if (failed) found.push(`${failed.job} failed: ${failed.message || "see the run in Dagster for why"}`);
  if (!found.length && !broken.length) return el("p", { class: "card all-well" }, el("span", { class: "good" }, "All is well. "),
      `The engine answers and a twin is deployed. ${runs ? "No run has failed." : "What runs in Dagster is not known here."}`);
  return [el("ul", { class: "alerts" }, found.map((text) => el("li", { class: "error" }, text)), broken.map(alertItem)),
    monitored?.notice ? el("p", { class: "note" }, monitored.notice) : null];
}

/** What takes its time: what a person calls it, the histogram, and the route it is about. */
const TIMES = [
  ["First word of an answer", "twin_time_to_first_token_seconds", ""],
  ["Whole answer", "twin_http_request_seconds", "/v1/chat/completions"],
  ["Draft", "twin_http_request_seconds", "/api/drafts"],
  ["Revision", "twin_http_request_seconds", "/api/drafts/{draft_id}/revise"],
  ["Search", "twin_http_request_seconds", "/api/search"],
];
const KINDS = [["2", "answered", "ok"], ["3", "sent on", "other"], ["4", "refused", "warned"], ["5", "failed", "failed"]];

function traffic(samples) {
  if (!samples) return empty("This service does not measure its traffic: there is no /metrics.");
  const requests = sumBy(samples, (name) => name === "twin_http_requests_total", ({ status }) => status[0]);
  const total = [...requests.values()].reduce((sum, one) => sum + one, 0);
  if (!total) return empty("Nothing was asked since the service was started.");
  const parts = KINDS.map(([key, label, kind]) => [label, requests.get(key) ?? 0, kind]).filter(([, value]) => value);
  return el("div", { class: "card" },
    bar(`${number(total)} requests since the service was started`, parts), latencies(samples), el("dl", { class: "facts" }, volume(samples)));
}

function latencies(samples) {
  const rows = TIMES.map(([name, histogram, route]) => {
    const mine = (labels) => !route || labels.route === route;
    return [name, ...[0.5, 0.99].map((share) => percentile(samples, histogram, share, mine))];
  }).filter(([, half]) => half !== null);
  if (!rows.length) return null;
  const heads = ["Latency", "half are below", "99 of 100 are below"];
  const figure = (index) => (index ? "figure" : null);
  return el("table", {}, el("thead", {}, el("tr", {}, heads.map((head, index) => el("th", { scope: "col", class: figure(index) }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, index) => el("td", { class: figure(index) }, index ? seconds(cell) : cell))))));
}

function volume(samples) {
  const of = (metric) => samples.filter(({ name }) => name === metric);
  const sum = (metric) => of(metric).reduce((total, { value }) => total + value, 0);
  const shown = [["In the making", "twin_generations_in_flight"], ["Tokens written", "twin_tokens_out_total"], ["Refused by a limit", "twin_refused_requests_total"]];
  return shown.filter(([, metric]) => of(metric).length).map(([label, metric]) => fact(label, number(sum(metric))));
}

const THUMBS = [["thumb_up", "Thumbs up"], ["thumb_down", "Thumbs down"], ["edit", "Edits accepted"]];

function feedback(samples, drafts) {
  const kinds = sumBy(samples ?? [], (name) => name === "twin_feedback_events", ({ kind }) => kind);
  const given = [...kinds.values()].some(Boolean);
  const facts = given ? THUMBS.map(([kind, label]) => fact(label, number(kinds.get(kind) ?? 0))) : [];
  const newest = drafts?.drafts ?? [];
  const accepted = newest.filter((draft) => draft.status === "accepted").length;
  if (newest.length) facts.push(fact("Newest drafts", `${accepted} of ${newest.length} accepted`));
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
  const monitored = getIfThere("/api/monitoring");
  const days = monitored.then((found) => found?.days ?? []);
  // What monitoring cannot give is said once, under drift.
  const orNothing = (given, nothing) => given.catch(() => nothing);
  await Promise.all([
    part("alerts", async () => alerts(await readiness(), await sources, await orNothing(runs, null), await orNothing(monitored, null))),
    part("days", async () => trafficByDay(await orNothing(days, []))),
    part("traffic", async () => traffic(await measured)),
    part("feedback", async () => {
      const byDay = feedbackByDay(await orNothing(days, []));
      return [byDay, byDay ? el("p", { class: "bar-title so-far" }, "All so far") : null, feedback(await measured, await drafts)];
    }),
    part("drift", async () => driftVerdicts((await monitored)?.drift)),
    part("runs", async () => runsTable(await runs)),
  ]);
}

$("again").addEventListener("click", ({ currentTarget }) => busy(currentTarget, "Looking…", null, async () => {
  await load();
  announce("Up to date");
}));
load();
