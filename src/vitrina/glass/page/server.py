"""Serves the page of one run: on loopback alone, and only to who knows the address, of which a random token is part."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from vitrina.errors import UsageError, VitrinaError
from vitrina.glass.about import read_about
from vitrina.glass.page.bundle import STATIC, script
from vitrina.locale import page_texts, say
from vitrina.locale.system import reason_of

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from vitrina.glass.page.answers import Answers

RUNS = Path("runs")  # where those are kept that the editor starts
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLL = 0.25  # seconds between looks at what the training is doing, and
# Between two tellings of one that is at work: who is told draws it, and on few cores that takes from what learns.
NEWS_EVERY = max(1.0, 4.0 / (os.cpu_count() or 4))
ADDRESS, TOKEN_BYTES = ".page.json", 16
QUIET = 15.0  # seconds after which a listener is told that there is none
# Those that `Answers` knows, which is imported when the page has been asked for: it brings the engines.
QUESTIONS = (
    *("about", "looks", "curves", "beside", "findings", "moment", "probes"),
    *("examples", "judged", "dependence", "function", "neuron"),
)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def make_app(run: Path, token: str, other: Path | None = None) -> Starlette:
    """The pages and answers of a run, all below /TOKEN/. Raises ModelError if it, or the other, has no recording."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Mount

    return Starlette(routes=[Mount(f"/{token}", routes=routes_of(run, other))], middleware=[Middleware(Guard)])


def routes_of(run: Path, other: Path | None = None, place: dict[str, Any] | None = None) -> list[Any]:
    """The page of a run and all that it asks for. place: where it is, for a page that has an editor.

    Raises ModelError if it, or the other, has no recording.
    """
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    for one in (run, other):
        if one is not None:
            read_about(one)
    coming = _Coming(run, other)
    turns = asyncio.Lock()

    async def told(work: Callable[[], Any]) -> Response:
        """What goes wrong is a sentence, in JSON."""
        try:
            return JSONResponse(await asyncio.to_thread(work))
        except VitrinaError as error:
            return JSONResponse({"error": str(error)}, 400 if isinstance(error, UsageError) else 404)

    def endpoint(question: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(asked: Request) -> Response:
            async with turns:  # one question after the other, off the event loop
                return await told(lambda: coming.answers().answer(question, asked.query_params))

        return answer

    async def control(asked: Request) -> Response:
        try:
            wanted = await asked.json()
        except ValueError:
            wanted = None
        return await told(lambda: coming.answers().control(wanted))

    async def live(asked: Request) -> Response:
        return StreamingResponse(_news(await asyncio.to_thread(coming.answers), asked), media_type="text/event-stream")

    async def placed(asked: Request) -> Response:
        return JSONResponse(place or {"editor": None, "run": run.name})

    return [
        Route("/place", placed),
        *(Route(f"/{question}", endpoint(question)) for question in QUESTIONS),
        Route("/control", control, methods=["POST"]),
        Route("/live", live),
        Route("/js/main.js", main_script),
        Route("/texts.es.json", texts),
        Mount("/", StaticFiles(directory=STATIC, html=True)),
    ]


class _Coming:
    """Who answers, made in a thread of its own, and a long recording read, while the browser already fetches the page."""

    def __init__(self, run: Path, other: Path | None) -> None:
        self._made: Future[Answers] = Future()
        Thread(target=self._make, args=(run, other), daemon=True).start()

    def answers(self) -> Answers:
        """Once they are there. Raises what went wrong in making them."""
        return self._made.result()

    def _make(self, run: Path, other: Path | None) -> None:
        from vitrina.glass.page.answers import Answers

        try:
            answers = Answers(run, other, read=False)
        except Exception as error:
            self._made.set_exception(error)
            return
        self._made.set_result(answers)
        with suppress(VitrinaError):  # which who asks is told
            answers.views.recording.refresh()


async def main_script(asked: Request) -> Response:
    """All modules at once, instead of some thirty requests one after the other."""
    from starlette.responses import Response

    return Response(script(), media_type="text/javascript")


async def texts(asked: Request) -> Response:
    """The page's sentences in Spanish."""
    from starlette.responses import JSONResponse

    return JSONResponse(page_texts())


class Guard:
    """Lets nobody in who came by another name than loopback's (DNS rebinding), or was sent by another page."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from starlette.datastructures import Headers, MutableHeaders
        from starlette.responses import PlainTextResponse

        told = Headers(scope=scope)
        host, origin = told.get("host", ""), told.get("origin")
        if host.rpartition(":")[0] not in LOOPBACK or (origin is not None and origin != f"http://{host}"):
            await PlainTextResponse("only this machine's own page is answered", 403)(scope, receive, send)
            return

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, guarded)


async def _news(answers: Answers, asked: Request) -> AsyncIterator[str]:
    """Server-sent events: what the training is doing and how many looks there are, whenever either changes.

    That it pauses, goes on, or ends is told at once, how far it is now and then.
    """
    told, heard = "", None
    waited, quiet = NEWS_EVERY, 0.0
    while not await asked.is_disconnected():
        status = await asyncio.to_thread(answers.status)
        urgent = heard is None or status.state != heard.state or (status.state != "training" and status != heard)
        if urgent or waited >= NEWS_EVERY:
            heard, waited = status, 0.0
            news = json.dumps(await asyncio.to_thread(answers.news))
            if news != told:
                told, quiet = news, 0.0
                yield f"data: {news}\n\n"
        if quiet >= QUIET:
            quiet = 0.0
            yield ": nothing new\n\n"
        await asyncio.sleep(POLL)
        waited += POLL
        quiet += POLL


def serve(
    run: Path | None = None,
    port: int = 0,
    ready: Callable[[str], None] = print,
    other: Path | None = None,
    begin: Mapping[str, Any] | None = None,
) -> None:
    """Serves until it is interrupted: the page of a run, or without one the editor, whose runs are kept in `runs/`.

    port: 0 for that of the last time, or any that is free. ready: called with the address. other: a run to be shown beside it.
    begin: what stands in the editor at first, of a wish's parts.
    A page that is still open goes on when its server is started again. Raises ModelError if the run has no recording,
    VitrinaError if the port is taken.
    """
    import uvicorn

    folder = RUNS if run is None else run
    token, usual = _last_address(folder)
    if run is None:
        from vitrina.glass.page.editor import make_editor

        app = make_editor(RUNS, token, begin)
    else:
        app = make_app(run, token, other)
    listener = _listen(port) if port else _listen(usual, otherwise=0)
    port = listener.getsockname()[1]
    _keep_address(folder, token, port)
    server = uvicorn.Server(
        uvicorn.Config(app, loop="asyncio", log_level="critical", access_log=False, timeout_graceful_shutdown=1)
    )
    ready(f"http://127.0.0.1:{port}/{token}/")
    server.run(sockets=[listener])


def _listen(port: int, otherwise: int | None = None) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(64)  # who comes before the server does waits, instead of being turned away
    except OSError as error:
        listener.close()
        if otherwise is not None:
            return _listen(otherwise)
        raise VitrinaError(
            say(
                "port {port} cannot be listened on: {reason}; choose another --port", port=port, reason=reason_of(error)
            )
        ) from None
    return listener


def _last_address(run: Path) -> tuple[str, int]:
    """The token and port of the last time, or new ones."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((run / ADDRESS).read_text("utf-8"))
        token, port = str(kept["token"]), int(kept["port"])
        if len(token) >= TOKEN_BYTES and 0 <= port < 1 << 16:
            return token, port
    return secrets.token_urlsafe(TOKEN_BYTES), 0


def _keep_address(run: Path, token: str, port: int) -> None:
    """For its owner's eyes only; a run in a place that cannot be written to is shown all the same."""
    with suppress(OSError):
        descriptor = os.open(run / ADDRESS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"token": token, "port": port}, file)


def watch(run: str | Path | None = None, other: str | Path | None = None, port: int = 0, browser: bool = True) -> None:
    """Shows a run in the browser until it is interrupted (Ctrl-C), live while it is being trained; another one beside it.

    Without a run the page has an editor: networks are put together there, taught and watched, and kept in `runs/`.
    Raises ModelError if the run has no recording, VitrinaError if the port is taken.
    """

    def ready(address: str) -> None:
        print(address)
        if browser:
            import webbrowser

            webbrowser.open(address)

    from vitrina import arguments  # they bring the networks, which `vitrina watch` does without at first

    runs = [None if one is None else arguments.place(say("a run"), one) for one in (run, other)]
    serve(runs[0], port, ready, runs[1])
