"""Files as departments send them, lying in the sample town, with and without faults."""

from __future__ import annotations

import json
from pathlib import Path

LON, LAT = 137.045, 35.644  # the middle of the sample town
STATIONS = "名称,緯度,経度,自治会,燃えるごみ,燃えないごみ\n"


def stations(folder: Path, *rows: str, name: str = "gomi.csv") -> Path:
    """A list of garbage stations; without rows, two faultless ones."""
    good = (f"本町第1,{LAT},{LON},本町,月・木,第2水", f"駅前,{LAT + 0.001},{LON},駅前,火・金,第2水")
    path = folder / name
    path.write_text(STATIONS + "\n".join(rows or good) + "\n", encoding="utf-8")
    return path


def bowtie_parks(folder: Path) -> Path:
    """Two parks whose outline crosses itself, and one that is right."""
    rings = [_crossed(LON, LAT), _crossed(LON + 0.006, LAT), _square(LON, LAT + 0.01)]
    features = [
        {
            "type": "Feature",
            "properties": {"名称": f"第{number}公園"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for number, ring in enumerate(rings, start=1)
    ]
    path = folder / "parks.geojson"
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def _crossed(x: float, y: float, side: float = 0.004) -> list[list[float]]:
    return [[x, y], [x + side, y + side], [x + side, y], [x, y + side], [x, y]]


def _square(x: float, y: float, side: float = 0.004) -> list[list[float]]:
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
