"""The page with its editor: a network is put together, taught and watched, run after run. As closed to others as the page is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina import locale
from vitrina.errors import UsageError, VitrinaError
from vitrina.glass.page.bundle import STATIC
from vitrina.glass.page.server import Guard, main_script, routes_of, texts
from vitrina.glass.page.tables import FILE, MOST_BYTES, Tables, too_large
from vitrina.glass.page.wish import Wish, choices
from vitrina.glass.page.workshop import Workshop

LONGEST_NAME = 200  # letters of a file's that are shown

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response


def make_editor(folder: Path, token: str, begin: Mapping[str, Any] | None = None) -> Starlette:
    """The editor below /TOKEN/, and below /TOKEN/run/NAME/ the page of each run it started.

    folder: where runs are kept; begin: what stands in it at first, of a wish's parts.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    workshop, tables = Workshop(folder), Tables()
    turns = asyncio.Lock()

    async def told(work: Callable[[], Any]) -> Response:
        """One after the other, off the event loop. What goes wrong is a sentence, in JSON."""
        try:
            async with turns:
                return JSONResponse(await asyncio.to_thread(work))
        except VitrinaError as error:
            return JSONResponse({"error": str(error)}, 400)

    async def place(asked: Request) -> Response:
        return JSONResponse({"editor": "", "run": None})

    async def editor(asked: Request) -> Response:
        wish = workshop.wishes.get(asked.query_params.get("run", ""))
        table = _table_of(wish, tables)
        told = {"choices": await asyncio.to_thread(choices), "wish": wish.told if wish else None, "begin": begin}
        return JSONResponse({**told, "table": table})

    async def table(asked: Request) -> Response:
        _speak(asked.query_params.get("lang"))
        try:
            content = await _content(asked)
        except UsageError as error:
            return JSONResponse({"error": str(error)}, 413)
        name = asked.query_params.get("name", "")[:LONGEST_NAME]
        return await told(lambda: tables.bring(name, content).to_json())

    async def facts(asked: Request) -> Response:
        wanted = asked.query_params
        _speak(wanted.get("lang"))
        return await told(lambda: vars(tables.facts(wanted.get("table", ""), wanted.get("target", ""))))

    async def learn(asked: Request) -> Response:
        try:
            wanted = await asked.json()
        except ValueError:
            return JSONResponse({"error": "that is nothing a training can be asked for"}, 400)
        _speak(wanted.get("lang") if isinstance(wanted, dict) else None)
        return await told(lambda: {"run": workshop.start(Wish.read(wanted, tables))})

    below = [
        Route("/place", place),
        Route("/editor", editor),
        Route("/table", table, methods=["POST"]),
        Route("/facts", facts),
        Route("/learn", learn, methods=["POST"]),
        Route("/js/main.js", main_script),
        Route("/texts.es.json", texts),
        Mount("/run/{name}", app=_Runs(workshop)),
        Mount("/", StaticFiles(directory=STATIC, html=True)),
    ]
    return Starlette(routes=[Mount(f"/{token}", routes=below)], middleware=[Middleware(Guard)])


def _speak(wanted: Any) -> None:
    locale.use(wanted if wanted in locale.LANGUAGES else None)


async def _content(asked: Request) -> bytes:
    """The file that is sent. Raises UsageError as soon as it is too large, whatever it was said to be."""
    parts, size = [], 0
    async for part in asked.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise UsageError(too_large())
        parts.append(part)
    return b"".join(parts)


def _table_of(wish: Wish | None, tables: Tables) -> dict[str, Any] | None:
    """What is shown again of the table that a run learned from, as long as it is held."""
    if wish is None or wish.data != FILE:
        return None
    key, target = wish.told["table"], wish.told["target"]
    with contextlib.suppress(UsageError):
        return tables.of(key).to_json() | {"facts": vars(tables.facts(key, target))}
    return None


class _Runs:
    """The page of each run that was started here, made when it is first asked for."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self._apps: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse

        name = str(scope["path_params"]["name"])
        run = self.workshop.run_of(name)
        if run is None:
            await PlainTextResponse("there is no such run here", 404)(scope, receive, send)
            return
        if name not in self._apps:
            routes = await asyncio.to_thread(routes_of, run, None, {"editor": "../../", "run": name})
            self._apps[name] = Starlette(routes=routes)
        await self._apps[name](scope, receive, send)
