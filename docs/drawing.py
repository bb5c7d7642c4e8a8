"""Draw docs/architecture.svg: wings and folders stand where `PLACES` says, arrows are what the code imports.

`make docs` writes it. A new folder needs a place here first.
"""

from __future__ import annotations

import math
from pathlib import Path

import grimp

__all__ = ["FOLDERS", "arrows", "draw"]

ROOT = Path(__file__).resolve().parent.parent
WINGS = {
    "training": (20, 430, "makes and judges encoders"),
    "index": (490, 475, "text → vectors → passages"),
    "service": (1000, 190, "HTTP, and the page"),
}
"""Name → left edge, width, what it does."""
FOLDERS = {
    "training/adapters": (40, 95), "training/translation": (175, 95), "training/mining": (310, 95),
    "training/reports": (310, 175), "training/studies": (40, 255), "training/judging": (175, 255),
    "training/bias": (310, 335), "training/benchmarks": (175, 415),
    "index/readers": (620, 95), "index/jobs": (850, 95), "index/lexical": (735, 175), "index/local": (620, 255),
    "index/milvus": (505, 335), "index/merging": (735, 335), "index/bias": (620, 415), "index/audit": (850, 415),
    "index/demo": (505, 480), "service/page": (1020, 95), "service/routes": (1020, 335),
}  # fmt: skip
"""Folder → its box's left upper corner; a folder that is not there is not drawn."""
HEIGHT, WIDTH = 34, {"training": 110, "index": 95, "service": 110}
BOTTOM = 530
INK, LINE = "#0f172a", "#334155"


def arrows() -> set[tuple[str, str]]:
    """Who imports whom: between wings, and between folders; files of a wing itself are left out."""
    graph = grimp.build_graph(*WINGS, cache_dir=None)
    found = set()
    for user in graph.modules:
        for used in graph.find_modules_directly_imported_by(user):
            found.add((user.split(".")[0], used.split(".")[0]))
            if (a := _folder(user)) and (b := _folder(used)):
                found.add((a, b))
    return {(a, b) for a, b in found if a != b}


def _folder(module: str) -> str | None:
    parts = module.split(".")
    place = "/".join(parts[:2])
    return place if len(parts) > 1 and (ROOT / place).is_dir() else None


def draw() -> str:
    """The drawing as SVG; raises KeyError for a folder without a place."""
    there = [
        f"{path.parent.parent.name}/{path.parent.name}"
        for wing in WINGS
        for path in (ROOT / wing).glob("*/__init__.py")
    ]
    found = arrows()
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1210 550" font-family="system-ui, sans-serif" role="img" aria-labelledby="title">',
        '  <title id="title">The three wings, their folders, and which imports which</title>',
        f'  <defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="{LINE}"/></marker></defs>',
        '  <rect width="1210" height="550" fill="#ffffff"/>',
    ]
    for wing, (x, width, about) in WINGS.items():
        lines += [
            f'  <rect data-wing="{wing}" x="{x}" y="20" width="{width}" height="{BOTTOM - 20}" rx="10" fill="#f1f5f9" stroke="#64748b"/>',
            f'  <text x="{x + 16}" y="48" font-size="18" font-weight="600" fill="{INK}">{wing}/</text>',
            f'  <text x="{x + 16}" y="69" font-size="13" fill="#475569">{about}</text>',
        ]
    for folder in sorted(there):
        x, y, width = *FOLDERS[folder], WIDTH[folder.partition("/")[0]]
        lines += [
            f'  <rect data-folder="{folder}" x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="6" fill="#ffffff" stroke="#94a3b8"/>',
            f'  <text x="{x + width / 2:g}" y="{y + 22}" font-size="14" text-anchor="middle" fill="{INK}">{folder.partition("/")[2]}/</text>',
        ]
    lines += [_arrow(a, b, (b, a) in found) for a, b in sorted(found)]
    return "\n".join([*lines, "</svg>\n"])


def _arrow(user: str, used: str, is_mutual: bool) -> str:
    if user in WINGS:
        (left, width, _), (x, wide, _) = WINGS[user], WINGS[used]
        ends = (left + width, 45.0, x, 45.0) if left < x else (left, 45.0, x + wide, 45.0)
    else:
        ends = _ends(user, used, 8.0 if is_mutual else 0.0)
    numbers = " ".join(f'{name}="{value:.0f}"' for name, value in zip(("x1", "y1", "x2", "y2"), ends, strict=True))
    width = 3 if user in WINGS else 1.5
    return f'  <line data-from="{user}" data-to="{used}" {numbers} stroke="{LINE}" stroke-width="{width}" marker-end="url(#head)"/>'


def _ends(user: str, used: str, aside: float) -> tuple[float, float, float, float]:
    """Where the line between two boxes leaves the one and meets the other, moved aside to its right."""
    (ax, ay), (bx, by) = _centre(user), _centre(used)
    length = math.hypot(bx - ax, by - ay)
    right, down = (bx - ax) / length, (by - ay) / length
    over, under = -down * aside, right * aside
    start, stop = _reach(user, right, down, over, under), _reach(used, -right, -down, over, under)
    return ax + over + right * start, ay + under + down * start, bx + over - right * stop, by + under - down * stop


def _centre(folder: str) -> tuple[float, float]:
    x, y = FOLDERS[folder]
    return x + WIDTH[folder.partition("/")[0]] / 2, y + HEIGHT / 2


def _reach(folder: str, right: float, down: float, over: float, under: float) -> float:
    """How far it is to a box's edge in a direction, from a point beside its centre."""
    sides = ((WIDTH[folder.partition("/")[0]] / 2, right, over), (HEIGHT / 2, down, under))
    return min((half - math.copysign(1, way) * off) / abs(way) for half, way, off in sides if abs(way) > 1e-9)
