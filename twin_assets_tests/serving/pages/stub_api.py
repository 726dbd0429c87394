"""The API that the pages speak to, as its contract says, over state that a test sets and reads."""

import json
import threading
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

KETTLES = "Before. The kettle argument 🫖 has three parts. After."
SPAN = (KETTLES.index("The"), KETTLES.index(" After"))
CITATION = {
    "number": 1,
    "document_id": "doc1",
    "chunk_id": "chunk1",
    "title": "On <b>kettles</b>",
    "url": "https://example.org/kettles",
    "start": SPAN[0],
    "end": SPAN[1],
    "text": KETTLES[SPAN[0] : SPAN[1]],
    "score": 0.5,
}


def event(payload: Any) -> str:
    return f"data: {json.dumps(payload)}\n\n"


def refused(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "type": "x", "param": None, "code": "x"}}, status)


class Stub:
    """What the API holds, and what it was sent: `sent` has (method, path, body, CSRF token) of what changes things."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Any, str]] = []
        self.drafts: dict[str, dict[str, Any]] = {}
        self.sources: list[dict[str, Any]] = []
        self.notice: str | None = None
        self.runs: list[dict[str, Any]] = []
        self.run_ends = "SUCCESS"
        self.deployments: dict[str, Any] = {"current": None, "history": []}
        self.datasets: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.metrics = ""
        self.monitoring: dict[str, Any] = {"days": [], "alerts": [], "drift": None, "notice": None}
        self.more = ""
        """What each draft says besides its first sentence."""
        self.ready = True
        self.faults: dict[str, tuple[int, str]] = {}
        """Path to (status, message): what is refused."""
        self.gate: threading.Event | None = None
        """Held before the last events of a stream, when it is set."""

    def bodies(self, method: str, path: str) -> list[Any]:
        return [body for m, p, body, _ in self.sent if (m, p) == (method, path)]

    def stream(self, events: list[Any]) -> StreamingResponse:
        async def chunks() -> AsyncIterator[str]:
            for one in events[:-1]:
                yield event(one)
            if self.gate is not None:
                await run_in_threadpool(self.gate.wait, 20)
            yield event(events[-1]) + "data: [DONE]\n\n"

        return StreamingResponse(chunks(), media_type="text/event-stream")


def add_api(app: FastAPI, stub: Stub) -> None:
    """The contract's endpoints on an application."""

    @app.middleware("http")
    async def kept(request: Request, call: Any) -> Response:
        if request.method != "GET":
            raw = await request.body()
            is_json = request.headers.get("content-type", "").startswith("application/json")
            body = json.loads(raw) if is_json and raw else None
            stub.sent.append((request.method, request.url.path, body, request.headers.get("x-csrf-token", "")))
        if fault := stub.faults.get(request.url.path):
            return refused(*fault)
        return await call(request)

    _add_writing(app, stub)
    _add_sources(app, stub)
    _add_state(app, stub)


def _add_writing(app: FastAPI, stub: Stub) -> None:
    @app.get("/v1/models")
    async def models() -> Any:
        return {"object": "list", "data": [{"id": name} for name in ("twin", "twin@3", "base")]}

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Any:
        body = await request.json()
        said = [{"id": "trace1", "choices": [{"delta": {"content": f"{body['model']} answers [1]."}}]}]
        end = {"id": "trace1", "choices": [{"delta": {}, "finish_reason": "stop"}], "citations": [CITATION], "twin": {}}
        return stub.stream([*said, end])

    @app.get("/api/lineage/{trace}")
    async def lineage(trace: str) -> Any:
        return {
            "trace_id": trace,
            "adapter": {"digest": "a" * 64, "recipe": "default"},
            "datasets": [{"dataset": "instruction_dataset", "version": "b" * 64}],
        }

    @app.get("/api/documents/{name}")
    async def document(name: str, start: int, end: int) -> Any:
        about = {"title": "On kettles", "url": "https://example.org/kettles", "kind": "markdown", "source": "blog"}
        span = {"start": start, "end": end}
        return {
            "document_id": name,
            "published_at": "2024-05-01",
            "scope": "public",
            "text": KETTLES,
            "span": span,
        } | about

    @app.delete("/api/documents/{name}")
    async def forget_document(name: str) -> Any:
        gone = {"forgotten": [name, "doc9"], "rows": {"corpus": 2, "chunks": 10, "feedback": 0}}
        return gone | {"datasets": ["d" * 64], "adapters": ["a" * 64]}

    def draft(body: dict[str, Any], texts: list[str], of: str = "") -> dict[str, Any]:
        links = [
            {"kind": "link", "title": "A paper", "url": u, "tokens": 900, "used_tokens": 300} for u in body["links"]
        ]
        made = {
            "draft_id": f"draft{len(stub.drafts) + 1}",
            "created_at": "2025-11-20T10:00:00Z",
            "format": body["format"],
            "instruction": body["prompt"],
            "variants": [
                {"variant": n, "text": text, "parts": [text], "characters": len(text), "warnings": ["No hashtags."]}
                for n, text in enumerate(texts)
            ],
            "citations": [CITATION],
            "materials": [one | {"error": None} for one in links],
            "twin": {},
            "status": "draft",
            "accepted_text": None,
            "revision_of": of or None,
        }
        stub.drafts[made["draft_id"]] = made
        return made

    def streamed(made: dict[str, Any]) -> Any:
        materials = [{"type": "material", "material": one} for one in made["materials"]]
        deltas = [
            {"type": "delta", "variant": v["variant"], "text": part}
            for v in made["variants"]
            for part in (v["text"][:9], v["text"][9:])
        ]
        sources = {"type": "sources", "citations": made["citations"]}
        return stub.stream([*materials, sources, *deltas, {"type": "draft", "draft": made}])

    @app.post("/api/drafts")
    async def write(request: Request) -> Any:
        body = await request.json()
        return streamed(
            draft(body, [f"Kettles, told <i>{n + 1}</i> way." + stub.more for n in range(body["variants"])])
        )

    @app.post("/api/drafts/{name}/revise")
    async def revise(name: str, request: Request) -> Any:
        old, body = stub.drafts[name], await request.json()
        asked = {"format": old["format"], "prompt": old["instruction"], "links": []}
        made = draft(asked, [f"Kettles, told {body['instruction']} way."], name)
        made["revised_from"] = body.get("text") or old["variants"][body["variant"]]["text"]
        return streamed(made)

    @app.post("/api/drafts/{name}/accept")
    async def accept(name: str, request: Request) -> Any:
        body, one = await request.json(), stub.drafts[name]
        one |= {"status": "accepted", "accepted_text": body["text"]}
        return {"draft": one, "preference": body["text"] != one["variants"][body["variant"]]["text"]}

    @app.get("/api/drafts")
    async def drafts(limit: int = 20) -> Any:
        return {"drafts": list(reversed(stub.drafts.values()))[:limit]}

    @app.get("/api/drafts/{name}")
    async def one_draft(name: str) -> Any:
        return stub.drafts[name]

    @app.post("/api/feedback")
    async def feedback() -> Any:
        return {"event_id": "event1"}

    @app.post("/api/uploads")
    async def uploads(file: UploadFile) -> Any:
        kind = "linkedin" if str(file.filename).endswith(".zip") else None
        size = len(await file.read())
        return {"upload_id": "upload1", "name": file.filename, "bytes": size, "kind": kind, "advice": None}


def _add_sources(app: FastAPI, stub: Stub) -> None:
    def found(name: str) -> dict[str, Any]:
        return next(one for one in stub.sources if one["name"] == name)

    @app.get("/api/sources")
    async def sources() -> Any:
        return {"sources": stub.sources, "notice": stub.notice}

    @app.post("/api/sources/recognize")
    async def recognize(request: Request) -> Any:
        what = (await request.json())["what"]
        if "linkedin.com" in what:
            return {"kind": None, "name": "ada", "advice": "Ask LinkedIn for your archive, and drop it here."}
        return {"kind": "git", "name": "ada", "url": what, "advice": "Repositories that are yours."}

    @app.post("/api/sources")
    async def add(request: Request) -> Any:
        body = await request.json()
        name = body.get("name") or "archive"
        source = {"name": name, "kind": body.get("kind") or "linkedin", "url": body.get("what"), "schedule": "daily"}
        more = {"paused": False, "documents": 0, "exclusions": {}, "last_run": None, "next_run": None}
        stub.sources.append(source | more)
        return {"source": stub.sources[-1]}

    @app.patch("/api/sources/{name}")
    async def change(name: str, request: Request) -> Any:
        found(name).update(await request.json())
        return {"source": found(name)}

    @app.delete("/api/sources/{name}")
    async def forget(name: str, forget: bool = False) -> Any:
        stub.sent.append(("FORGET" if forget else "REMOVE", name, None, ""))
        stub.sources = [one for one in stub.sources if one["name"] != name]
        gone = {"forgotten": [name], "rows": {"raw_documents": 12}, "datasets": [], "adapters": ["a" * 64]}
        return {"removed": name, "forgotten": gone if forget else None}

    @app.post("/api/sources/{name}/collect")
    async def collect(name: str) -> Any:
        found(name)["documents"] = 7
        return {"run_id": "run1"}

    @app.get("/api/runs")
    async def runs() -> Any:
        return {"runs": stub.runs}

    @app.get("/api/runs/{run}/events")
    async def events(run: str) -> Any:
        step = {"type": "step", "asset": "raw_documents", "status": "running"}
        progress = {"type": "progress", "done": 3, "total": 7}
        end = {
            "type": "end",
            "status": stub.run_ends,
            "error": "The blog answered 403." if stub.run_ends == "FAILURE" else None,
        }
        return stub.stream([step, progress, end])


def _add_state(app: FastAPI, stub: Stub) -> None:
    @app.get("/api/deployments")
    async def deployments() -> Any:
        return stub.deployments

    @app.post("/api/deployments/rollback")
    async def rollback(request: Request) -> Any:
        reason = (await request.json())["reason"]
        before = stub.deployments["history"][1]
        again = before | {"deployment_id": "d9", "previous": None, "probe": f"rolled back ({reason}): answered"}
        stub.deployments = {"current": again, "history": [again, *stub.deployments["history"]]}
        return {"current": again, "notice": "MLflow still names the other champion."}

    @app.get("/api/datasets")
    async def datasets() -> Any:
        return {"versions": stub.datasets}

    @app.get("/api/evaluations")
    async def evaluations() -> Any:
        return {"reports": stub.reports}

    @app.get("/api/monitoring")
    async def monitoring() -> Any:
        return stub.monitoring

    @app.get("/metrics")
    async def metrics() -> Any:
        return PlainTextResponse(stub.metrics) if stub.metrics else refused(404, "Not Found")

    @app.get("/readyz")
    async def readyz() -> Any:
        missing = [] if stub.ready else ["the engine does not answer"]
        return JSONResponse({"ready": stub.ready, "missing": missing}, 200 if stub.ready else 503)
