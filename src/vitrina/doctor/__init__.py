"""Why a network does not learn, and what to do: symptoms read off data, description and recording."""

from vitrina.doctor.diagnosing import diagnose
from vitrina.doctor.finding import Finding, Findings, Remedy

__all__ = ["Finding", "Findings", "Remedy", "diagnose"]
