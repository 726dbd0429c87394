// Prometheus' text format, as far as a page needs it: samples, and percentiles of histograms.

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** The samples of an exposition: `{name, labels, value}`. */
export function parse(text) {
  return text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => SAMPLE.exec(line)).filter(Boolean)
    .map(([, name, labels = "", value]) => ({
      name, value: value === "+Inf" ? Infinity : Number(value),
      labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text])),
    }));
}

/** Sums of the samples that `picks`, by a label's value. */
export function sumBy(samples, picks, key) {
  const sums = new Map();
  for (const { name, labels, value } of samples) {
    if (picks(name, labels)) sums.set(key(labels), (sums.get(key(labels)) ?? 0) + value);
  }
  return sums;
}

/** A percentile of a histogram (`…_bucket` samples) in its unit, by linear interpolation; null when it holds nothing. */
export function percentile(samples, histogram, share, picks = () => true) {
  const sums = sumBy(samples, (name, labels) => name === `${histogram}_bucket` && picks(labels), ({ le }) => (le === "+Inf" ? Infinity : Number(le)));
  const buckets = [...sums].sort(([one], [other]) => one - other);
  const total = buckets.at(-1)?.[1] ?? 0;
  if (!total) return null;
  let [low, under] = [0, 0];
  for (const [le, many] of buckets) {
    if (many >= share * total) return le === Infinity ? low : low + ((le - low) * (share * total - under)) / (many - under || 1);
    [low, under] = [le, many];
  }
  return low;
}
