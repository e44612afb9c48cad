"""The page as a widget in a notebook: live while a cell trains, and afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from vitrina.errors import UsageError, VitrinaError
from vitrina.glass.about import ABOUT, FOLDER
from vitrina.glass.page.answers import Answers
from vitrina.glass.page.bundle import STATIC, alone
from vitrina.learning.callbacks import Callback
from vitrina.locale import page_texts, say

if TYPE_CHECKING:
    from vitrina.learning.loop import Learner

HEIGHT = 900  # pixels


class Glass(Callback):
    """The page of a run, in a notebook (`pip install 'vitrina[notebook]'`): Jupyter, VS Code, marimo, Colab.

    As the last line of a cell it shows the run; as a callback it shows itself when the training starts, live and with its
    controls: `vt.train(data, out="runs/first", callbacks=[vt.Glass("runs/first")])`. A kernel answers while it trains if it has
    subshells (ipykernel from 7, with JupyterLab from 4.4); others answer when the cell is done. run: its folder, which may be
    yet to come. height: in pixels. Raises UsageError without anywidget.
    """

    def __init__(self, run: str | Path, height: int = HEIGHT) -> None:
        self.run, self.height = Path(run), height
        self._answers: Answers | None = None
        self._turns = Lock()  # a kernel with subshells may ask from several threads
        self.widget = _widget(alone(self.run.name, STATIC / "notebook" / "api.js", _texts()), height)
        self.widget.on_msg(self._asked)
        _answer_beside(self.widget.comm)

    def training_starts(self, learner: Learner) -> None:
        from IPython.display import display  # pyright: ignore

        self._answers = None  # what was there before is another training's
        display(self)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def answer(self, question: str, values: Any) -> Any:
        """What the page asks, as plain data. Raises VitrinaError, a sentence, for what cannot be answered."""
        with self._turns:
            if question == "place":
                there = (self.run / FOLDER / ABOUT).is_file()
                return {"editor": None, "run": self.run.name if there else None}
            if self._answers is None:
                self._answers = Answers(self.run)
            if question == "news":
                return self._answers.news()
            if question == "control":
                return self._answers.control(values)
            return self._answers.answer(question, values)

    def _asked(self, widget: Any, told: Any, buffers: Any) -> None:
        try:
            widget.send({"id": told["id"], "answer": self.answer(told["question"], told["values"])})
        except VitrinaError as error:
            widget.send({"id": told["id"], "error": str(error)})


def _answer_beside(comm: Any) -> None:
    """Lets the subshell answer that a question was put to: ipykernel 7.4 hands it to the shell that last spoke, the busy one."""
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, asked: asked


def _texts() -> str:
    """The page's sentences in Spanish, as an element of its head."""
    texts = json.dumps(page_texts()).replace("<", "\\u003c")
    return f'<script type="application/json" id="texts">{texts}</script>'


def _widget(page: str, height: int) -> Any:
    try:
        import anywidget  # pyright: ignore
        import traitlets  # pyright: ignore
    except ImportError:
        raise UsageError(say("a notebook shows the page with anywidget; pip install 'vitrina[notebook]'")) from None

    class PageWidget(anywidget.AnyWidget):  # pyright: ignore
        _esm = STATIC / "notebook" / "widget.js"
        page = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int().tag(sync=True)

    return PageWidget(page=page, height=height)
