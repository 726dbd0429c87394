// The difference between two texts, word by word, as insertions and deletions.

import { count, el } from "./dom.js";

// Beyond this many pairs of words the browser would be busy for long: then what differs is shown as a whole.
const MOST_PAIRS = 6_000_000;
const SEGMENTS = new Intl.Segmenter(undefined, { granularity: "word" });

/** Words and signs, each with the white space after it. */
function words(text) {
  const found = [];
  for (const { segment } of SEGMENTS.segment(text)) {
    if (!segment.trim() && found.length) found[found.length - 1] += segment;
    else found.push(segment);
  }
  return found;
}

const same = (one, other) => one.trim() === other.trim();

/** What leads from one text to another: pieces `[kind, text]` in order, of the kinds `same`, `del` and `ins`. */
export function difference(before, after) {
  const [old, now] = [words(before), words(after)];
  let head = 0;
  while (head < Math.min(old.length, now.length) && same(old[head], now[head])) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && same(old.at(-1 - tail), now.at(-1 - tail))) tail += 1;
  const middle = aligned(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  const kept = (list) => list.map((word) => ["same", word]);
  return joined([...kept(now.slice(0, head)), ...middle, ...kept(now.slice(now.length - tail))]);
}

/** The longest common subsequence of words, and what is between. White space is that of the later text. */
function aligned(old, now) {
  const width = now.length + 1;
  if (old.length * now.length > MOST_PAIRS) return [...old.map((word) => ["del", word]), ...now.map((word) => ["ins", word])];
  const longest = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = same(old[i], now[j])
        ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && same(old[i], now[j])) {
      pieces.push(["same", now[j]]);
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      pieces.push(["del", old[i]]);
      i += 1;
    } else {
      pieces.push(["ins", now[j]]);
      j += 1;
    }
  }
  return pieces;
}

/** Neighbours of a kind as one piece; of what changed in one place, deletions come before insertions. */
function joined(pieces) {
  const runs = [];
  let change = null;
  for (const [kind, text] of pieces) {
    if (kind === "same") {
      if (change || !runs.length) runs.push(["same", text]);
      else runs.at(-1)[1] += text;
      change = null;
      continue;
    }
    if (!change) {
      change = { del: ["del", ""], ins: ["ins", ""] };
      runs.push(change.del, change.ins);
    }
    change[kind][1] += text;
  }
  return runs.filter(([, text]) => text);
}

const ofWords = (pieces, kind) => pieces.filter(([one]) => one === kind).flatMap(([, text]) => words(text)).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** A difference in one line: `2 words added, 1 word removed`. */
export function summary(pieces) {
  if (pieces.every(([kind]) => kind === "same")) return "No difference.";
  return `${count(ofWords(pieces, "ins"), "word")} added, ${count(ofWords(pieces, "del"), "word")} removed.`;
}

/** A difference as elements. What is seen by line and colour is also said to those who do not see it. */
export function marked(pieces) {
  const said = { ins: "added", del: "removed" };
  return pieces.map(([kind, text]) => (kind === "same" ? text
    : el(kind, {}, el("span", { class: "hidden" }, ` [${said[kind]}: `), text, el("span", { class: "hidden" }, "] "))));
}
