"""How words look: a mark and a colour each, by daylight and in the dark."""

from collections.abc import Mapping
from typing import Literal

Tone = Literal["good", "bad", "warn", "busy", "calm"]

LOOKS: Mapping[str, tuple[str, Tone]] = {
    "passed": ("✓", "good"),
    "reused": ("=", "good"),
    "executed": ("✓", "good"),
    "failed": ("✗", "bad"),
    "timed_out": ("✗", "bad"),
    "crashed": ("✗", "bad"),
    "lost": ("✗", "bad"),
    "cancelled": ("✗", "bad"),
    "blocked": ("⊘", "calm"),
    "stale": ("~", "warn"),
    "needs_you": ("?", "warn"),
    "pending": ("?", "warn"),
    "running": ("▶", "busy"),
    "interrupted": ("▶", "warn"),
    "ready": ("•", "busy"),
    "configured": ("•", "busy"),
    "auto_configured": ("•", "busy"),
    "waiting": ("…", "calm"),
    "discovered": ("·", "calm"),
    "not_run": ("·", "calm"),
    "not_selected": ("·", "calm"),
    "external": ("↗", "calm"),
}
"""A mark and a tone for each outcome, work list category and lifecycle state."""

_LIGHT = {
    "paper": "#fff",
    "ink": "#1f2328",
    "soft": "#59636e",
    "line": "#8c959f",
    "good": "#1a7f37",
    "good-fill": "#e6f6ea",
    "bad": "#cf222e",
    "bad-fill": "#ffebe9",
    "warn": "#9a6700",
    "warn-fill": "#fff8c5",
    "busy": "#0969da",
    "busy-fill": "#ddf4ff",
    "calm": "#6e7781",
    "calm-fill": "#f6f8fa",
}
_DARK = {
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "soft": "#9198a1",
    "line": "#656c76",
    "good": "#3fb950",
    "good-fill": "#12261e",
    "bad": "#f85149",
    "bad-fill": "#30171a",
    "warn": "#d29922",
    "warn-fill": "#2b2111",
    "busy": "#4493f8",
    "busy-fill": "#121d2f",
    "calm": "#8b949e",
    "calm-fill": "#1b2027",
}


def colours(tokens: Mapping[str, str], *, prefix: str = "--rt-") -> str:
    """CSS declarations of colours by their names."""
    return "".join(f"{prefix}{name}:{value};" for name, value in tokens.items())


def palette(selector: str) -> str:
    """CSS that gives `selector` the colours, by daylight and in the dark."""
    dark = f"@media (prefers-color-scheme:dark){{{selector}{{{colours(_DARK)}}}}}"
    return f"{selector}{{{colours(_LIGHT)}}}{dark}"


def themes(selector: str) -> str:
    """CSS by which `selector` follows the theme of the notebook program that shows it."""
    themed = (
        ("body[data-jp-theme-light=true]", _LIGHT),
        ("body[data-jp-theme-light=false]", _DARK),
        ("body.vscode-light", _LIGHT),
        ("body.vscode-dark", _DARK),
        ("body.vscode-high-contrast", _DARK),
        # Also called by the class before, so that it has to come later.
        ("body.vscode-high-contrast-light", _LIGHT),
    )
    return "".join(
        f"{body} {selector}{{{colours(tokens | {'paper': 'transparent'})}}}"
        for body, tokens in themed
    )


def look(word: str) -> tuple[str, Tone]:
    """The mark and the tone of an outcome, category or state."""
    return LOOKS.get(word, ("·", "calm"))


STYLE = (
    ".rt-dag text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',"
    "'DejaVu Sans',sans-serif;fill:var(--rt-ink)}"
    ".rt-dag .rt-name{font-weight:600}"
    ".rt-dag .rt-word{font-size:12px}"
    ".rt-dag rect{stroke-width:1.5}"
    ".rt-dag .rt-external rect{stroke-dasharray:5 4}"
    ".rt-dag .rt-hatch{stroke-width:1;opacity:.3}"
    ".rt-dag .rt-edge path{fill:none;stroke:var(--rt-line);stroke-width:1.5}"
    ".rt-dag .rt-edge polygon{fill:var(--rt-line)}"
    ".rt-dag .rt-wire{font-size:11px;fill:var(--rt-soft)}"
    ".rt-dag .rt-edge circle{stroke-width:1.5}"
    ".rt-dag .rt-sign{font-size:11px;font-weight:600;text-anchor:middle}"
    + "".join(
        f".rt-dag .rt-{kind} path{{stroke:var(--rt-{tone});stroke-dasharray:6 4}}"
        f".rt-dag .rt-{kind} polygon{{fill:var(--rt-{tone})}}"
        f".rt-dag .rt-{kind} circle{{fill:var(--rt-{tone}-fill);stroke:var(--rt-{tone})}}"
        f".rt-dag .rt-{kind} .rt-sign{{fill:var(--rt-{tone})}}"
        for kind, tone in (("unfit", "bad"), ("asked", "warn"))
    )
    + "".join(
        f".rt-dag .rt-{tone} rect{{fill:var(--rt-{tone}-fill);stroke:var(--rt-{tone})}}"
        f".rt-dag .rt-{tone} .rt-hatch{{stroke:var(--rt-{tone})}}"
        f".rt-dag .rt-{tone} .rt-word{{fill:var(--rt-{tone})}}"
        for tone in ("good", "bad", "warn", "busy", "calm")
    )
)
"""The style of everything in a picture, in the colours that `palette` gives."""
