// The Ask page: a chat with the twin, its sources, and another model's answer beside it.

import { events, getIfThere, post, request } from "./api.js";
import { $, announce, busy, el, errorBox, grow, thumbs } from "./dom.js";
import { forChat, lookupFault } from "./lookup.js";
import { cited, sourceBox } from "./passage.js";

const [form, question, send, log, reset] = ["form", "question", "send", "log", "reset"].map($);
const author = document.body.dataset.author;
let messages = [];
let running = null;

function nameOf(model) {
  if (model === "base") return "Base model";
  return model === "twin" ? `${author}’s twin` : `${author}’s twin, version ${model.replace("twin@", "")}`;
}

function addTurn(place, role, by) {
  $("welcome").hidden = true;
  reset.hidden = false;
  const turn = el("article", { class: `turn ${role}` },
    el("p", { class: role === "user" ? "by hidden" : "by" }, by), el("p", { class: "text" }));
  place.append(turn);
  return turn;
}

function follow(move) {
  const pane = $("main");
  const atEnd = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 80;
  move();
  if (atEnd) pane.scrollTop = pane.scrollHeight;
}

function notes(twin, finish) {
  const found = [];
  if (twin?.retrieval?.error) found.push(`Sources could not be looked up: ${twin.retrieval.error}`);
  if (twin?.dropped_turns) found.push("The start of this chat no longer fits what the model reads, and was left out.");
  if (finish === "length") found.push("The answer was cut off at its longest.");
  return found.map((note) => el("p", { class: "note" }, note));
}

/** One model's answer into one turn; gives its text and what came with it. */
async function answer(model, turn, retrieval) {
  const shown = turn.querySelector(".text");
  let last = {};
  let finish = "";
  turn.setAttribute("aria-busy", "true");
  try {
    const body = { model, messages, stream: true, retrieval };
    for await (const event of events(await request("POST", "/v1/chat/completions", body, running.signal))) {
      const choice = event.choices[0];
      if (choice?.delta.content) follow(() => shown.append(choice.delta.content));
      finish = choice?.finish_reason || finish;
      if (event.twin) last = event;
    }
  } catch (error) {
    const stopped = error.name === "AbortError";
    turn.append(stopped ? el("p", { class: "note" }, "Stopped.") : errorBox(error));
    last.failed = stopped ? "Stopped" : `Failed: ${error.message}`;
  }
  const said = shown.textContent;
  if (last.citations?.length) shown.replaceChildren(...cited(said, last.citations));
  // The sources come in below without scrolling: the answer is what is being read.
  turn.append(...[sourceBox(last.citations ?? [])].filter(Boolean), ...notes(last.twin, finish));
  if (last.id && !last.failed) turn.append(judging(last.id));
  turn.removeAttribute("aria-busy");
  return { text: said, ...last };
}

function judging(trace) {
  const place = el("div", { class: "judging" });
  const origin = el("button", { type: "button", class: "link", onclick: () => busy(origin, "Looking…", place, async () => {
    place.append(lineage((await getIfThere(`/api/lineage/${encodeURIComponent(trace)}`)) ?? {}));
    origin.remove();
  }) }, "Where this came from");
  const judge = (kind) => post("/api/feedback", { draft_id: trace, variant: 0, kind });
  place.append(...thumbs("Good answer", "Bad answer", place, judge), origin);
  return place;
}

function lineage({ adapter, deployment, datasets = [] }) {
  const facts = [
    ["Deployment", deployment?.deployment_id?.slice(0, 12)],
    ["Adapter", adapter?.digest?.slice(0, 12)],
    ["Recipe", adapter?.recipe],
    ...datasets.map((one) => [one.dataset.replaceAll("_", " "), one.version.slice(0, 12)]),
  ].filter(([, value]) => value);
  if (!facts.length) return el("p", { class: "note" }, "Nothing more is kept of this answer than its sources.");
  return el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

async function ask(text) {
  const model = $("model").value;
  const beside = $("beside").value;
  const chat = messages;
  const retrieval = forChat();
  addTurn(log, "user", "You").querySelector(".text").textContent = text;
  chat.push({ role: "user", content: text });
  const place = beside ? el("div", { class: "beside" }) : log;
  if (beside) log.append(place);
  const turns = [model, beside].filter(Boolean).map((one) => [one, addTurn(place, "assistant", nameOf(one))]);
  $("main").scrollTop = $("main").scrollHeight;
  announce("Answering");
  send.textContent = "Stop";
  running = new AbortController();
  const [mine] = await Promise.all(turns.map(([one, turn]) => answer(one, turn, retrieval)));
  announce(mine.failed ?? `Answered, with ${mine.citations?.length ?? 0} sources`);
  // A question without an answer is taken back, so that the next one does not follow upon it.
  if (mine.text) chat.push({ role: "assistant", content: mine.text });
  else chat.pop();
  send.textContent = "Ask";
  running = null;
}

/** The versions that can be asked besides the two that the page knows. */
async function offerVersions() {
  const models = await getIfThere("/v1/models").catch(() => null);
  for (const { id } of models?.data ?? []) {
    if (!id.startsWith("twin@")) continue;
    for (const picker of [$("model"), $("beside")]) {
      picker.append(el("option", { value: id }, `version ${id.slice(5)}`));
    }
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return running.abort();
  const text = question.value.trim();
  if (!text) return question.focus();
  if (lookupFault()) return ($("look-in-more").open = true);
  question.value = "";
  grow(question);
  // What is looked in stays written in its line; the answer needs the room.
  $("look-in-more").open = false;
  ask(text);
});
question.addEventListener("input", () => grow(question));
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!running) form.requestSubmit();
  }
});
for (const starter of document.querySelectorAll("[data-start]")) {
  starter.addEventListener("click", () => {
    question.value = `${starter.dataset.start} `;
    question.focus();
  });
}
reset.addEventListener("click", () => {
  running?.abort();
  messages = [];
  log.querySelectorAll(".turn, .beside").forEach((turn) => turn.remove());
  $("welcome").hidden = false;
  reset.hidden = true;
  question.focus();
});
offerVersions();
