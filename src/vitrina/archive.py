"""The one file format for models and checkpoints: JSON and safetensors in a zip, with a checksum over every byte.

A zip without compression, so any tool opens it. Its comment is the SHA-256 of all bytes before it: a truncated file or
one flipped bit is found before anything is read. Nothing in it is code, and loading executes none.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.errors import ModelError
from vitrina.files import write_atomically
from vitrina.locale import say
from vitrina.locale.system import reason_of

FORMAT = 1  # raised when an old reader would misread a new file
DIGEST = 64  # hexadecimal digits of SHA-256
ARRAYS = "arrays.safetensors"
HEADER = "vitrina.json"
OPENING = 64  # bytes in which the name of the header stands, which is written first


def write_archive(path: Path, kind: str, documents: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Writes documents (JSON values by name) and arrays (by readable name) as one file, atomically."""
    from safetensors.numpy import save

    header = {"kind": kind, "format": FORMAT, "documents": sorted(documents), "arrays": list(arrays)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, document in {HEADER: header, **{f"{name}.json": value for name, value in documents.items()}}.items():
            archive.writestr(zipfile.ZipInfo(name), json.dumps(document, indent=1, ensure_ascii=False))
        contiguous = {name: np.array(array, order="C", copy=None) for name, array in arrays.items()}
        archive.writestr(zipfile.ZipInfo(ARRAYS), save(contiguous))
        archive.comment = b"0" * DIGEST
    content = buffer.getvalue()[:-DIGEST]
    write_atomically(path, content + hashlib.sha256(content).hexdigest().encode("ascii"))


def read_archive(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Reads what `write_archive` wrote. Raises ModelError if it is missing, damaged, of another kind or too new."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(say("{path} cannot be read: {reason}", path=path, reason=reason_of(error))) from None
    if not content.startswith(b"PK") or HEADER.encode("ascii") not in content[:OPENING]:
        raise ModelError(
            say("{path} is not a {kind} of Vitrina's, or its beginning is damaged", path=path, kind=_said(kind))
        )
    body, digest = content[:-DIGEST], content[-DIGEST:]
    if hashlib.sha256(body).hexdigest().encode("ascii") != digest:
        raise ModelError(
            say("{path} is damaged or incomplete (its checksum does not match); copy it again or train anew", path=path)
        )
    try:
        return _read(content, path, kind)
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            say(
                "{path} is not a {kind} that this Vitrina can read: {reason}", path=path, kind=_said(kind), reason=error
            )
        ) from None


def _said(kind: str) -> str:
    """What a file is, as people say it."""
    return {"model": say("model"), "checkpoint": say("checkpoint")}.get(kind, kind)


def _read(content: bytes, path: Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from safetensors.numpy import load

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        header = json.loads(archive.read(HEADER))
        if header["format"] > FORMAT:
            raise ModelError(
                say(
                    "{path} has format {format} and this Vitrina reads up to {known}; update it",
                    path=path,
                    format=header["format"],
                    known=FORMAT,
                )
            )
        if header["kind"] != kind:
            raise ModelError(
                say("{path} is a {found}, not a {kind}", path=path, found=_said(header["kind"]), kind=_said(kind))
            )
        documents = {name: json.loads(archive.read(f"{name}.json")) for name in header["documents"]}
        arrays = load(archive.read(ARRAYS))
        return documents, {name: arrays[name] for name in header["arrays"]}  # safetensors keeps an order of its own
