"""How often the doctor is right: faulty trainings, their repaired twins, and healthy ones (`python -m benchmarks.doctor`)."""
