"""The page as a widget: what it asks its kernel, and what it is told, in a browser that stands in for a notebook."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import vitrina as vt
from vitrina.errors import UsageError
from vitrina.glass import notebook
from vitrina.glass.controls import status_of
from vitrina.glass.page.bundle import STATIC

# The page that a notebook would be: the widget's own module, with a model that hands on what it is sent.
HOST = """<!doctype html><div id="cell"></div><script type="module">
WIDGET
const heard = [];
const model = {
  get: (name) => window.traits[name],
  on: (_, hear) => heard.push(hear),
  off: () => {},
  send: async (told) => { const answer = await window.kernel(told); if (answer) heard.forEach((hear) => hear(answer)); },
};
window.traits = await window.opened();
window.close_it = widget.render({ model, el: document.querySelector("#cell") });
</script>"""


class Widget:
    """Stands in for anywidget's: keeps what it was made with and what it was told to send."""

    comm = None

    def __init__(self, page: str, height: int) -> None:
        self.page, self.height = page, height
        self.sent: list[Any] = []

    def on_msg(self, asked: Any) -> None:
        self.asked = asked

    def send(self, told: Any) -> None:
        self.sent.append(told)

    def hear(self, told: Any) -> Any:
        self.asked(self, told, [])
        return self.sent.pop()


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "_widget", Widget)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebook") / "run"
    layers = (vt.Dense(6, "relu"), vt.Dense(3))
    vt.train("wine", network=vt.Network(vt.Input((13,)), *layers), epochs=3, engine="numpy", out=folder)
    return folder


def test_a_kernel_answers_what_the_page_asks(widget: None, run: Path) -> None:
    asked = vt.Glass(run).widget.hear
    assert asked({"id": 1, "question": "place", "values": {}}) == {"id": 1, "answer": {"editor": None, "run": "run"}}
    about = asked({"id": 2, "question": "about", "values": {}})["answer"]
    assert [layer["name"] for layer in about["layers"]] == ["input", "dense_1", "dense_2"]
    step = vt.Recording(run).looks[-1].step
    moment = asked({"id": 3, "question": "moment", "values": {"step": str(step), "probe": "1"}})["answer"]
    assert (moment["step"], moment["probe"]) == (step, 1)
    assert asked({"id": 4, "question": "news", "values": {}})["answer"]["state"] == "done"
    assert "no question" in asked({"id": 5, "question": "weather", "values": {}})["error"]
    refused = asked({"id": 6, "question": "control", "values": {"action": "dance"}})
    assert (refused["id"], "can be asked to" in refused["error"]) == (6, True)


def test_a_run_that_is_yet_to_come_is_waited_for(widget: None, tmp_path: Path) -> None:
    glass = vt.Glass(tmp_path / "none")
    assert glass.answer("place", {}) == {"editor": None, "run": None}


def test_a_question_is_answered_by_whom_it_was_put_to() -> None:
    class Comm:
        def _reply_subshell_for(self, data: Any, asked: str | None) -> str | None:
            return None

    comm = Comm()
    notebook._answer_beside(comm)
    assert comm._reply_subshell_for({}, "beside") == "beside"


def test_without_anywidget_it_is_said_what_to_install(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    with pytest.raises(UsageError, match="notebook"):
        vt.Glass(run)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="es-ES")
    yield context.new_page()
    context.close()


class Slow(vt.Callback):
    def chunk_done(self, learner: Any) -> None:
        time.sleep(0.03)


def test_a_training_is_watched_and_stopped_in_a_cell(widget: None, page: Any, tmp_path: Path) -> None:
    glass = vt.Glass(tmp_path / "live", height=700)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.expose_function("kernel", glass.widget.hear)
    page.expose_function("opened", lambda: {"page": glass.widget.page, "height": glass.widget.height})
    module = (STATIC / "notebook" / "widget.js").read_text("utf-8").replace("export default", "const widget =")
    page.set_content(HOST.replace("WIDGET", module))
    inside = page.frame_locator("iframe")

    def teach() -> None:
        vt.train("wine", epochs=2000, patience=None, engine="numpy", out=tmp_path / "live", callbacks=[Slow()])

    training = threading.Thread(target=teach, daemon=True)
    training.start()  # after the cell was shown, which waits for it
    inside.locator("body[data-ready=yes]").wait_for(timeout=60000)
    inside.get_by_text("aprendiendo · época").wait_for(timeout=30000)
    inside.locator("[data-action=pause]").click()
    inside.get_by_text("en pausa tras").wait_for(timeout=30000)
    assert status_of(tmp_path / "live").state == "paused"
    inside.locator("[data-action=stop]").click()
    inside.locator("#status[data-state=stopped]").wait_for(timeout=30000)
    training.join(60)
    assert not training.is_alive()
    assert json.loads(json.dumps(glass.answer("news", {})))["state"] == "stopped"
    assert page.locator("iframe").evaluate("frame => frame.clientHeight") == 700
    assert complaints == []
