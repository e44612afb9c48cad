"""A replay holds what there is room for."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import vitrina as vt
from vitrina.glass.replay import MEMBERS_EDGES, page_of


def test_of_the_members_of_an_ensemble_a_replay_tells_the_strongest_connections(tmp_path: Path) -> None:
    vt.train("wine", epochs=2, engine="numpy", out=tmp_path / "run")
    page, _ = page_of(tmp_path / "run")
    packed = re.search(r'id="replay">([^<]+)<', page)
    assert packed is not None
    data = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    moments = [moment for moments in data["moments"].values() for moment in moments]
    edges = [
        layer for moment in moments for layers in (moment["edges"], *moment["others"]) for layer in layers.values()
    ]
    assert {min(layer["of"], MEMBERS_EDGES) for layer in edges} == {len(layer["from"]) for layer in edges}
    assert max(layer["of"] for layer in edges) > MEMBERS_EDGES
