// The one way to the service: JSON in and out, streams of events, the CSRF token, and errors that a person can act on.

export class ApiError extends Error {
  constructor(status, message, code = "") {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** The service does not offer this (yet), or there is no such thing. */
  get missing() {
    return this.status === 404 || this.status === 405 || this.status === 501;
  }
}

const AWAY = "The service does not answer. See “twin status”, start it by “twin up”, then try again.";

function csrf() {
  return document.querySelector('meta[name="csrf"]')?.content ?? "";
}

/** Ask the service; the body, if any, is sent as JSON. Throws ApiError, or AbortError when the signal fires. */
export async function request(method, path, body, signal) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf();
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    throw error.name === "AbortError" ? error : new ApiError(0, AWAY);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response) {
  const text = await response.text();
  let error = {};
  try {
    error = JSON.parse(text).error ?? {};
  } catch {
    // Whatever is not JSON comes from something before the service.
  }
  return new ApiError(response.status, said(response, error), error.code ?? "");
}

function said(response, error) {
  const message = error.message || `The service answered ${response.status} ${response.statusText}.`;
  if (response.status === 401) return `${message} Log in again: open /login.`;
  const wait = response.headers.get("Retry-After");
  return response.status === 429 && wait ? `${message} Try again in ${wait} s.` : message;
}

const json = async (...ask) => (await request(...ask)).json();
export const get = (path, signal) => json("GET", path, undefined, signal);
export const post = (path, body = {}, signal) => json("POST", path, body, signal);
export const patch = (path, body) => json("PATCH", path, body);
export const remove = (path) => json("DELETE", path);

/** What is at `path`, or null where the service does not offer it. */
export async function getIfThere(path) {
  try {
    return await get(path);
  } catch (error) {
    if (error.missing) return null;
    throw error;
  }
}

/** The events of a stream, each parsed. An event that is an error is thrown. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (!data || data === "[DONE]") continue;
      const event = JSON.parse(data);
      if (event.error && (event.type === "error" || !event.type)) {
        throw new ApiError(503, event.error.message, event.error.code ?? "");
      }
      yield event;
    }
  }
}

/** Send a file, and say how far it is: `progress(share)`, 0 to 1. Only XMLHttpRequest knows how much was sent. */
export function upload(file, progress, signal) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    call.open("POST", "/api/uploads");
    call.setRequestHeader("X-CSRF-Token", csrf());
    call.responseType = "text";
    call.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    call.addEventListener("error", () => reject(new ApiError(0, AWAY)));
    call.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    call.addEventListener("load", async () => {
      const { status, statusText, response } = call;
      if (status >= 200 && status < 300) resolve(JSON.parse(response));
      else reject(await failure(new Response(response, { status, statusText })));
    });
    signal?.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}
