"""Why a network does not learn, and what to do: symptoms read off data, description and recording; and repair."""

from vitrina.doctor.diagnosing import diagnose
from vitrina.doctor.finding import Finding, Findings, Remedy
from vitrina.doctor.healing import Healing, heal

__all__ = ["Finding", "Findings", "Healing", "Remedy", "diagnose", "heal"]
