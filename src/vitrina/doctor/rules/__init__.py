"""Every rule, one family to a file. Importing this registers them all."""

from vitrina.doctor.rules import inputs, labels, layers, outcome, output, parts, steps, weights

FAMILIES = (inputs, parts, labels, output, layers, weights, steps, outcome)
