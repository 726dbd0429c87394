"use strict";

// Everything that comes from the model, the sources or the user enters the page as text, never as markup.

const $ = (id) => document.getElementById(id);
const [form, question, send, log, live, reset] = ["form", "question", "send", "log", "live", "reset"].map($);
const author = document.body.dataset.author;
let messages = [];
let running = null;

function add(parent, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function addTurn(role, by) {
  $("welcome").hidden = true;
  reset.hidden = false;
  const turn = add(log, "article", `turn ${role}`);
  add(turn, "p", role === "user" ? "by hidden" : "by", by);
  add(turn, "p", "text", "");
  return turn;
}

function follow(move) {
  const pane = log.parentElement;
  const atEnd = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 80;
  move();
  if (atEnd) pane.scrollTop = pane.scrollHeight;
}

function showSources(turn, citations) {
  if (!citations.length) return;
  const box = add(turn, "details", "sources");
  box.open = true;
  add(box, "summary", "", citations.length === 1 ? "1 source" : `${citations.length} sources`);
  const list = add(box, "ol");
  for (const citation of citations) {
    const item = add(list, "li");
    add(item, "span", "number", `[${citation.number}]`);
    const body = add(item, "div");
    add(body, "span", "title", citation.title);
    if (/^https?:\/\//i.test(citation.url)) {
      const link = add(body, "a", "url", citation.url);
      link.href = citation.url;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    } else if (citation.url) {
      add(body, "span", "url", citation.url);
    }
    add(body, "blockquote", "", citation.text);
  }
}

function showNotes(turn, twin, finish) {
  const notes = [];
  if (twin?.retrieval?.error) notes.push(`Sources could not be looked up: ${twin.retrieval.error}`);
  if (twin?.dropped_turns) notes.push("The start of this chat no longer fits what the model reads, and was left out.");
  if (finish === "length") notes.push("The answer was cut off at its longest.");
  for (const note of notes) add(turn, "p", "note", note);
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
  }
}

async function ask(text) {
  const model = $("model").value;
  const chat = messages;
  const asked = addTurn("user", "You");
  asked.querySelector(".text").textContent = text;
  chat.push({ role: "user", content: text });
  const turn = addTurn("assistant", model === "twin" ? `${author}’s twin` : "Base model");
  const shown = turn.querySelector(".text");
  turn.setAttribute("aria-busy", "true");
  log.parentElement.scrollTop = log.parentElement.scrollHeight;
  live.textContent = "Answering";
  send.textContent = "Stop";
  running = new AbortController();
  let last = {};
  let finish = "";
  try {
    const response = await fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ model, messages: chat, stream: true, retrieval: $("retrieval").checked }),
      signal: running.signal,
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const event of eventsOf(response.body)) {
      if (event.error) throw new Error(event.error.message);
      const choice = event.choices[0];
      if (choice?.delta.content) follow(() => shown.append(choice.delta.content));
      finish = choice?.finish_reason || finish;
      if (event.twin) last = event;
    }
    live.textContent = `Answered, with ${last.citations?.length ?? 0} sources`;
  } catch (error) {
    const stopped = error.name === "AbortError";
    add(turn, "p", stopped ? "note" : "error", stopped ? "Stopped." : error.message);
    live.textContent = stopped ? "Stopped" : `Failed: ${error.message}`;
  }
  // A question without an answer is taken back, so that the next one does not follow upon it.
  if (shown.textContent) chat.push({ role: "assistant", content: shown.textContent });
  else chat.pop();
  // The sources come in below without scrolling: the answer is what is being read.
  showSources(turn, last.citations ?? []);
  showNotes(turn, last.twin, finish);
  turn.removeAttribute("aria-busy");
  send.textContent = "Ask";
  running = null;
}

function grow() {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight + 2}px`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return running.abort();
  const text = question.value.trim();
  if (!text) return question.focus();
  question.value = "";
  grow();
  ask(text);
});
question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!running) form.requestSubmit();
  }
});
reset.addEventListener("click", () => {
  running?.abort();
  messages = [];
  log.querySelectorAll(".turn").forEach((turn) => turn.remove());
  $("welcome").hidden = false;
  reset.hidden = true;
  question.focus();
});
