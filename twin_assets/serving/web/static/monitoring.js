// What monitoring knows, for the Health page: alerts with what to do, days as bars and tables, verdicts on drift.

import { count, el, number, svg, table } from "./dom.js";

const share = (value) => (value === null || value === undefined ? "–" : `${Math.round(100 * value)} %`);
/** Seconds as people read them. */
export const seconds = (value) =>
  value === null || value === undefined ? "–" : value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} s`;

function dayName(day, live) {
  const date = new Date(`${day}T00:00:00Z`);
  const text = date.toLocaleDateString("en", { timeZone: "UTC", day: "numeric", month: "short" });
  return el("time", { datetime: day }, live ? `${text}, so far` : text);
}

/** One alert: how grave it is, what happened, and what to do. */
export function alertItem({ severity, what, remedy }) {
  return el("li", { class: `error alert ${severity}` },
    el("span", { class: "severity" }, severity === "critical" ? "Critical" : "Warning"), el("span", {}, `${what}. `, el("b", {}, "What to do: "), `${remedy}.`));
}

/** Questions and drafts by day as bars, oldest first. */
function chart(days) {
  const oldest = [...days].reverse();
  const most = Math.max(1, ...oldest.map(({ metrics }) => metrics.questions + metrics.drafts));
  const wide = 100 / oldest.length;
  const bars = oldest.flatMap(({ metrics }, index) => {
    const [asked, drafted] = [metrics.questions, metrics.drafts].map((value) => (88 * value) / most);
    const at = { x: `${(index + 0.15) * wide}%`, width: `${0.7 * wide}%` };
    return [svg("rect", { class: "asked", ...at, y: 92 - asked, height: asked }), svg("rect", { class: "drafted", ...at, y: 92 - asked - drafted, height: drafted })];
  });
  const said = oldest.map(({ day, metrics }) => `${day} ${metrics.questions} and ${metrics.drafts}`).join(", ");
  return el("figure", { class: "days" },
    el("figcaption", { class: "bar-title" }, `Questions and drafts by day, up to ${number(most)}`),
    svg("svg", { role: "img", "aria-label": `Questions and drafts by day: ${said}`, width: "100%", height: 96 },
      svg("line", { class: "axis", x1: "0%", x2: "100%", y1: 93, y2: 93 }), bars),
    el("p", { class: "chart-ends", "aria-hidden": "true" }, el("span", {}, dayName(oldest[0].day)), el("span", {}, dayName(days[0].day, days[0].live))),
    el("p", { class: "note keys" }, el("span", { class: "key asked" }), "questions ", el("span", { class: "key drafted" }), "drafts"));
}

/** Days of the table that are seen at once. */
const SHOWN_DAYS = 5;

/** Traffic and latency by day; days on which nothing was asked are left out of the table. */
export function trafficByDay(days) {
  const busy = days.filter(({ metrics }) => metrics.questions + metrics.drafts > 0);
  if (!busy.length) return el("p", { class: "empty" }, `Nothing was asked in the last ${count(days.length, "day")} that were measured.`);
  const heads = ["Day", "Questions", "Drafts", "Half answered within", "95 of 100 within", "First word, half within", "Failed", "Without a source", "Refused"];
  const rows = busy.map(({ day, live, metrics }) => [dayName(day, live), number(metrics.questions), number(metrics.drafts),
    seconds(metrics.latency_p50_s), seconds(metrics.latency_p95_s), seconds(metrics.first_token_p50_s),
    metrics.errors ? el("span", { class: "warn" }, number(metrics.errors)) : "0", share(metrics.unsourced_share), share(metrics.refusal_share)]);
  const earlier = rows.slice(SHOWN_DAYS);
  return [busy.length > 1 ? chart(days) : null, table("Traffic and latency by day", heads, rows.slice(0, SHOWN_DAYS)),
    earlier.length ? el("details", { class: "others" }, el("summary", {}, count(earlier.length, "earlier day")), table("Earlier days", heads, earlier)) : null];
}

/** Thumbs and edits by day; null where there were none. */
export function feedbackByDay(days) {
  const given = days.filter(({ metrics }) => metrics.thumbs_up + metrics.thumbs_down + metrics.edits > 0);
  if (!given.length) return null;
  const rows = given.map(({ day, live, metrics }) => [dayName(day, live), ...[metrics.thumbs_up, metrics.thumbs_down, metrics.edits].map(number)]);
  return table("Feedback by day", ["Day", "Thumbs up", "Thumbs down", "Edits"], rows);
}

/** What each figure is called, and how its mean is written. */
const FIGURES = {
  question_words: ["Length of questions", (value) => `${value.toFixed(1)} words`],
  answer_words: ["Length of answers", (value) => `${value.toFixed(1)} words`],
  best_score: ["Best score of a source", (value) => value.toPrecision(3)],
  citations: ["Sources of an answer", (value) => value.toFixed(1)],
};
const TONES = { drifted: "warn", steady: "good" };

/** The newest report's verdicts, with the way to it. */
export function driftVerdicts(drift) {
  if (!drift) return el("p", { class: "empty" }, "No day was reported on yet. The first report is made soon after midnight (UTC).");
  const mean = (write, value) => (value === null ? "–" : write(value));
  const rows = drift.columns.map((one) => {
    const [name, write] = FIGURES[one.column] ?? [one.column.replaceAll("_", " "), String];
    return [name, el("span", { class: TONES[one.verdict] }, one.verdict), mean(write, one.mean_before), mean(write, one.mean)];
  });
  const untold = drift.columns.every(({ verdict }) => verdict === "not enough data");
  return [
    el("p", { class: "note about" }, `${drift.day} against ${drift.first} to ${drift.last}. `,
      untold ? "Too little was asked to tell drift from chance; that is no alarm." : "",
      drift.report ? el("a", { href: drift.report, target: "_blank", rel: "noopener" }, `Report of ${drift.day}`) : ""),
    table("Drift", ["Figure", "Verdict", "Mean before", "Mean that day"], rows),
  ];
}
