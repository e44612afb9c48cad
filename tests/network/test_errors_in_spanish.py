"""What is refused is refused in the language of the user: the sentence is made when it is said, never before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from vitrina import engines, locale
from vitrina.errors import VitrinaError
from vitrina.learning.augmentation import augmentations_named
from vitrina.learning.optimizers import optimizer_named
from vitrina.runs import RunFolder


@pytest.fixture
def spanish() -> Iterator[None]:
    before = locale._chosen
    locale.use("es")
    yield
    locale.use(before)


def _resume_nothing() -> object:
    return RunFolder.existing("/nowhere/runs/1")


REFUSED: tuple[tuple[Callable[[], object], tuple[str, ...]], ...] = (
    (
        lambda: vt.Network(vt.Input(4), vt.Conv2D(3, 2), vt.Dense(2)),
        ("conv2d_1: Conv2D necesita una imagen de forma (filas, columnas, canales)", "recibe (4,)"),
    ),
    (
        lambda: vt.Network(vt.Input((4, 4, 1)), vt.Residual(vt.Flatten()), vt.Dense(2)),
        ("residual_1: Residual suma la salida de sus capas, de forma (16,)", "un atajo de forma (4, 4, 1)"),
    ),
    (lambda: vt.Dense(0), ("Dense: units debe ser un número entero de 1 o más, no 0",)),
    (lambda: vt.Dense(3, "rellu"), ("activación desconocida 'rellu'; puede ser", "relu")),
    (lambda: vt.Conv2D(3, 0), ("Conv2D: kernel_size debe ser uno o dos números enteros",)),
    (lambda: vt.Sequential(vt.Dense), ("Sequential se hace de capas", "escribe Dense(...)")),
    (lambda: optimizer_named("adan"), ("optimizador desconocido 'adan'; puede ser", "adamw")),
    (lambda: vt.Adam(-0.1), ("Adam: learning_rate debe ser mayor que 0, no -0.1",)),
    (lambda: engines.get("pytorch"), ("motor desconocido 'pytorch'; puede ser auto, numpy",)),
    (lambda: engines.get("jax", variant="fast"), ("el motor jax no tiene la variante 'fast'; puede ser scan o eigen",)),
    (lambda: augmentations_named("spin"), ("augment: 'spin' no es algo", "escribe flip, shift=2")),
    (_resume_nothing, ("/nowhere/runs/1 no es una ejecución", "settings.json")),
)


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(("refused", "told"), REFUSED)
def test_a_refusal_is_told_in_spanish(refused: Callable[[], object], told: tuple[str, ...]) -> None:
    with pytest.raises(VitrinaError) as caught:
        refused()
    for words in told:
        assert words in str(caught.value)


@pytest.mark.usefixtures("spanish")
def test_data_that_do_not_fit_are_told_of_in_spanish(tmp_path: Path) -> None:
    network = vt.Network(vt.Input(3), vt.Dense(2))
    x, y = np.zeros((6, 3)), np.zeros(6, np.int32)
    for data, told in (
        ((x[:4], y), "x tiene 4 filas, pero y tiene 6; deben ser las mismas"),
        ((x[:, :2], y), "x tiene la forma (6, 2), y la red toma (filas, 3)"),
        ((x, y + 7), "las clases se numeran de 0 a 1"),
    ):
        with pytest.raises(vt.DataError) as caught:
            vt.train(data, network=network, out=tmp_path / "run")
        assert told in str(caught.value)


def test_the_language_is_asked_for_when_something_is_refused() -> None:
    before = locale._chosen
    try:
        for language, told in (("en", "unknown cost"), ("es", "coste desconocido"), ("en", "unknown cost")):
            locale.use(language)
            with pytest.raises(vt.NetworkError, match=told):
                vt.Network(vt.Input(3), vt.Dense(2), cost="crossentropy")
    finally:
        locale.use(before)
