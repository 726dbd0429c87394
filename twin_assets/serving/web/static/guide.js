// The first visit: how far the three steps are, looked at again while the page is open and seen.

import { getIfThere } from "./api.js";
import { $, count, el, errorBox, fill, number } from "./dom.js";
import { RUNNING } from "./runs.js";

const EVERY = 5000;
/** What the lanes of jobs do, in words. */
const JOBS = { collect_job: "Collecting", data_job: "Preparing your writing", train_job: "Training and measuring", deploy_job: "Deploying" };

function mark(id, state, ...shown) {
  const step = $(id);
  step.dataset.state = state;
  if (state === "now") step.setAttribute("aria-current", "step");
  else step.removeAttribute("aria-current");
  // A live region speaks when it changes: the same words are not put in again.
  // One button stands out: that of the step that is to be done.
  step.querySelector(".button")?.classList.toggle("quiet", state !== "now");
  const place = step.querySelector(".state");
  const next = el("div", {}, shown);
  if (place.firstElementChild?.textContent !== next.textContent) fill(place, next);
}

function sourcesStep(found) {
  const sources = found?.sources ?? [];
  const documents = sources.reduce((sum, one) => sum + (one.documents ?? 0), 0);
  if (!sources.length) mark("step-sources", "now", el("p", { class: "note" }, "No source yet."));
  else mark("step-sources", documents ? "done" : "now", el("p", { class: "note" }, `${count(sources.length, "source")}, ${count(documents, "document")} collected.`));
  return documents > 0;
}

function trainStep(runs, collected) {
  const newest = runs?.runs ?? [];
  const going = newest.filter((run) => RUNNING.has(run.status));
  const failed = newest[0]?.status === "FAILURE" ? newest[0] : null;
  const shown = [];
  for (const run of going.slice(0, 3)) {
    const steps = run.steps ?? [];
    const done = steps.filter((step) => step.status === "done").length;
    shown.push(el("progress", { "aria-label": run.job, max: steps.length || 1, value: steps.length ? done : null }),
      el("p", { class: "note" }, `${run.source ? `Collecting ${run.source}` : JOBS[run.job] ?? run.job.replaceAll("_", " ")}: ${number(done)} of ${count(steps.length, "step")}`));
  }
  if (!going.length && failed) shown.push(errorBox(`${failed.message || "The newest run failed."} What can be done is on the `, el("a", { href: "/health" }, "Health page"), "."));
  else if (!going.length) shown.push(el("p", { class: "note" }, collected ? "Waiting for the next run to start. Is Dagster up? See “twin status”." : "Begins when something was collected."));
  mark("step-train", collected || going.length ? "now" : "later", ...shown);
}

async function look() {
  try {
    const [sources, runs, deployments] = await Promise.all(
      ["/api/sources", "/api/runs?limit=10", "/api/deployments"].map((path) => getIfThere(path).catch((error) => (path === "/api/sources" ? Promise.reject(error) : null))));
    const collected = sourcesStep(sources);
    trainStep(runs, collected);
    const deployed = Boolean(deployments?.current);
    if (deployed) mark("step-train", "done", el("p", { class: "note good" }, "Trained, measured and deployed."));
    mark("step-write", deployed ? "now" : "later", deployed && el("p", { class: "note good" }, "Your twin is ready."));
  } catch (error) {
    mark("step-sources", "now", errorBox(error));
  }
}

look();
setInterval(() => document.visibilityState === "visible" && look(), EVERY);
