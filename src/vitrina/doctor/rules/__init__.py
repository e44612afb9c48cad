"""Every rule, one family to a file. Importing this registers them all."""

from vitrina.doctor.rules import (
    batches,
    images,
    inputs,
    labels,
    layers,
    normalising,
    outcome,
    output,
    parts,
    progress,
    sequences,
    steps,
    weights,
)

FAMILIES = (
    inputs,
    parts,
    labels,
    images,
    sequences,
    output,
    layers,
    normalising,
    weights,
    steps,
    batches,
    progress,
    outcome,
)
