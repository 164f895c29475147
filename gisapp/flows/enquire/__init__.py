"""地点カルテ: one click, and every department answers."""

from gisapp.flows.enquire.answer import enquire
from gisapp.flows.enquire.karte import (
    Answer,
    Finding,
    Hazard,
    HazardLine,
    Karte,
    Known,
    Refuge,
    Reported,
    ReportNear,
    Section,
    Site,
    Source,
    Spot,
)

__all__ = [
    "Answer", "Finding", "Hazard", "HazardLine", "Karte", "Known", "Refuge", "ReportNear", "Reported",
    "Section", "Site", "Source", "Spot", "enquire",
]  # fmt: skip
