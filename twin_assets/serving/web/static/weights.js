// How X counts characters, as `twin_assets/drafting/weights.py` counts them when a thread is split.

const LINK = 23;
const LINKS = /https?:\/\/\S*[^\s.,;:!?"')\]}»”’]/giu;
/** What may be a domain: X turns it into a link when it is one. */
const DOMAINS = /(?<![\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}@./-])(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?:\/\S*[^\s.,;:!?"')\]}»”’])?(?![\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}@])/gu;
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3|\p{Emoji_Modifier}/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The length of a post, of which 280 is the most. */
export function weightedLength(text) {
  return outside(text.normalize("NFC"), LINKS, () => LINK, bare);
}

function bare(text) {
  return outside(text, DOMAINS, (domain) => Math.max(LINK, plain(domain)), plain);
}

/** What is found weighs by `found`, all between by `between`. */
function outside(text, pattern, found, between) {
  let total = 0, at = 0;
  for (const one of text.matchAll(pattern)) {
    total += between(text.slice(at, one.index)) + found(one[0]);
    at = one.index + one[0].length;
  }
  return total + between(text.slice(at));
}

function plain(text) {
  let total = 0;
  for (const { segment } of segmenter.segment(text)) {
    total += EMOJI.test(segment) ? 2 : Array.from(segment, weight).reduce((sum, one) => sum + one, 0);
  }
  return total;
}

function weight(character) {
  const code = character.codePointAt(0);
  return LIGHT.some(([first, last]) => first <= code && code <= last) ? 1 : 2;
}
