// Plots as inline SVG: dots on a scale, one row a figure. Shapes differ as colours do, and the values stand beside them.

import { el, svg } from "./dom.js";

/** What a figure is called, and which way is better: 1 up, -1 down, 0 neither. */
const FIGURES = {
  bits_per_byte: ["Surprise at your unseen writing, bits per byte", -1],
  longest_overlap_words: ["Longest passage recited word for word, words", -1],
  recited_share: ["Answers that recite", -1],
};
const VOICE = /^voice_/;
const WHO = [["base", "base model"], ["previous", "previous twin"], ["twin", "this twin"]];

function described(name) {
  if (VOICE.test(name)) return [`Voice: ${name.replace(VOICE, "").replaceAll("_", " ")}`, 1];
  return FIGURES[name] ?? [name.replaceAll("_", " "), 0];
}

const shown = (value) => Number(value).toLocaleString("en", { maximumSignificantDigits: 3 });

function scale(name, values) {
  const low = Math.min(...values, ...(VOICE.test(name) ? [0] : []));
  const high = Math.max(...values, ...(VOICE.test(name) ? [1] : []));
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return (value) => `${(100 * (value - low + room)) / (high - low + 2 * room)}%`;
}

function dot(who, x) {
  if (who === "previous") return svg("rect", { class: who, x, y: 9, width: 10, height: 10, transform: "translate(-5 0)" });
  return svg("circle", { class: who, cx: x, cy: 14, r: who === "twin" ? 7 : 5.5 });
}

/** Scores `{base, twin, previous}` (each a mapping of figures, or null) as rows of dots. */
export function scorePlot(scores) {
  const names = [...new Set(WHO.flatMap(([who]) => Object.keys(scores[who] ?? {})))];
  const rows = names.map((name) => row(name, WHO.map(([who, label]) => [who, label, scores[who]?.[name]])
    .filter(([, , value]) => Number.isFinite(value)))).filter(Boolean);
  return el("div", { class: "plot" }, legend(scores), el("dl", {}, rows));
}

function row(name, values) {
  if (!values.length) return null;
  const [title, better] = described(name);
  const at = scale(name, values.map(([, , value]) => value));
  const said = values.map(([, label, value]) => `${label} ${shown(value)}`).join(", ");
  const marks = VOICE.test(name) ? [0, 1].map((x) => svg("line", { class: "mark", x1: at(x), x2: at(x), y1: 4, y2: 24 })) : [];
  return el("div", { class: "plot-row" },
    el("dt", {}, title, el("span", { class: "better" }, better > 0 ? "higher is better" : better < 0 ? "lower is better" : "")),
    el("dd", {},
      svg("svg", { role: "img", "aria-label": `${title}: ${said}`, width: "100%", height: 28 },
        svg("line", { class: "axis", x1: "0%", x2: "100%", y1: 14, y2: 14 }), marks, values.map(([who, , value]) => dot(who, at(value)))),
      el("span", { class: "values" }, values.map(([who, label, value]) => el("span", { class: `value ${who}` }, `${label} `, el("b", {}, shown(value)))))));
}

function legend(scores) {
  return el("ul", { class: "legend", "aria-label": "Legend" }, WHO.filter(([who]) => scores[who]).map(([who, label]) =>
    el("li", {}, svg("svg", { width: 20, height: 28, "aria-hidden": "true" }, dot(who, 10)), label)));
}

/** Parts of a whole as one bar: `parts` of [label, value, class]. */
export function bar(title, parts) {
  const total = parts.reduce((sum, [, value]) => sum + value, 0) || 1;
  const said = parts.map(([label, value]) => `${label} ${shown(value)}`).join(", ");
  let x = 0;
  const pieces = parts.map(([, value, kind]) => {
    const width = (100 * value) / total;
    x += width;
    return svg("rect", { class: kind, x: `${x - width}%`, y: 0, width: `${width}%`, height: 12 });
  });
  return el("div", { class: "bar-plot" }, el("p", { class: "bar-title" }, title),
    svg("svg", { role: "img", "aria-label": `${title}: ${said}`, width: "100%", height: 12 }, pieces), el("p", { class: "note" }, said));
}
