"""How often the doctor is right: faulty trainings beside their repaired twins, and healthy ones that tempt (`python -m benchmarks.doctor`)."""
