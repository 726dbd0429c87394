// Runs as they go: what a collection or a training is doing now.

import { ApiError, events, request } from "./api.js";
import { announce, el, fill, number } from "./dom.js";

const ENDED = { SUCCESS: "Done", FAILURE: "Failed", CANCELED: "Canceled" };
export const RUNNING = new Set(["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"]);

/** What a status is called by a person. */
export const statusName = (status) => ENDED[status?.toUpperCase()] ?? (status ? status.toLowerCase().replaceAll("_", " ") : "");

/** The step's asset as words: `raw_documents` -> `raw documents`. */
const words = (asset) => (asset ?? "").replaceAll("_", " ");

/** Follow a run to its end in `place`; resolves to its status. What cannot be followed is said, with the run's id. */
export async function follow(runId, place, name) {
  const bar = el("progress", { "aria-label": `Progress of ${name}`, max: "1" });
  const line = el("span", { class: "doing" }, "Waiting to start…");
  const doing = { step: "", progress: "", log: "" };
  fill(place, bar, el("p", { class: "note" }, line));
  let status = "";
  try {
    for await (const event of events(await request("GET", `/api/runs/${encodeURIComponent(runId)}/events`))) {
      if (event.type === "end") status = event.status ?? "";
      show(event, bar, doing);
      line.textContent = [doing.progress, doing.step, doing.log].filter(Boolean).join(" · ") || "At work…";
      if (status) return ended(event, status, place, name);
    }
    throw new ApiError(0, "The service closed the report of this run.");
  } catch (error) {
    fill(place, el("p", { class: "error" }, `${error.message} The run goes on: look for ${runId.slice(0, 8)} in Dagster, or reload this page.`));
    return "";
  }
}

function show(event, bar, doing) {
  if (event.type === "step") {
    doing.step = `${words(event.asset)}: ${statusName(event.status)}`;
  } else if (event.type === "progress") {
    const { done, total, message } = event;
    if (total) {
      bar.max = total;
      bar.value = done;
    }
    doing.progress = total ? `${number(done)} of ${number(total)}` : "";
    doing.log = message ?? doing.log;
  } else if (event.type === "log" && event.message) {
    doing.log = event.message;
  }
}

function ended(event, status, place, name) {
  const good = status.toUpperCase() === "SUCCESS";
  announce(`${name}: ${statusName(status)}`);
  fill(place, el("p", { class: good ? "note good" : "error" }, good ? "Done." : event.error || `${statusName(status)}. See the run in Dagster for why.`));
  return status;
}
