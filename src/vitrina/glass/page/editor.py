"""The page with its editor: a network is put together, taught and watched, run after run. As closed to others as the page is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina import locale
from vitrina.errors import VitrinaError
from vitrina.glass.page.bundle import STATIC
from vitrina.glass.page.server import Guard, main_script, routes_of
from vitrina.glass.page.wish import Wish, choices
from vitrina.glass.page.workshop import Workshop

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

    workshop = Workshop(folder)
    turns = asyncio.Lock()

    async def place(asked: Request) -> Response:
        return JSONResponse({"editor": "", "run": None})

    async def editor(asked: Request) -> Response:
        wish = workshop.wishes.get(asked.query_params.get("run", ""))
        told = {"choices": await asyncio.to_thread(choices), "wish": wish.told if wish else None, "begin": begin}
        return JSONResponse(told)

    async def learn(asked: Request) -> Response:
        try:
            told = await asked.json()
            async with turns:
                return JSONResponse({"run": await asyncio.to_thread(_start, workshop, told)})
        except VitrinaError as error:
            return JSONResponse({"error": str(error)}, 400)
        except ValueError:
            return JSONResponse({"error": "that is nothing a training can be asked for"}, 400)

    below = [
        Route("/place", place),
        Route("/editor", editor),
        Route("/learn", learn, methods=["POST"]),
        Route("/js/main.js", main_script),
        Mount("/run/{name}", app=_Runs(workshop)),
        Mount("/", StaticFiles(directory=STATIC, html=True)),
    ]
    return Starlette(routes=[Mount(f"/{token}", routes=below)], middleware=[Middleware(Guard)])


def _start(workshop: Workshop, told: Any) -> str:
    language = told.get("lang") if isinstance(told, dict) else None
    locale.use(language if language in locale.LANGUAGES else None)
    return workshop.start(Wish.read(told))


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
