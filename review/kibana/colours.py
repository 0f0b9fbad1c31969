"""Colours that those who see fewer of them can also tell apart; a kind has the same one in all panels.

Labels and decisions: Okabe and Ito, Color Universal Design, 2008. Severities: from light to dark, as of ColorBrewer's
YlOrBr (Brewer and Harrower), so that their order shows without any colour.
"""

from collections.abc import Mapping
from typing import Any

GREY = "#BDBDBD"

COLOURS: Mapping[str, Mapping[str, str]] = {
    "label": {
        "threat": "#D55E00",
        "hate": "#0072B2",
        "harassment": "#E69F00",
        "sexual": "#CC79A7",
        "doxxing": "#009E73",
        "influence": "#56B4E9",
    },
    "severity": {"low": "#FED98E", "medium": "#FE9929", "high": "#CC4C02", "critical": "#662506"},
    "decision": {"confirmed": "#D55E00", "false-alarm": "#56B4E9", "none": GREY},
    "flagged": {"true": "#D55E00", "false": GREY},
    "state": {"delivered": "#009E73", "waiting": "#E69F00", "failed": "#000000", "withdrawn": GREY},
    "span": {"median": "#0072B2", "most": "#D55E00"},
}
PLAIN = "#0072B2"


def mapping(colours: Mapping[str, str]) -> dict[str, Any]:
    """Lens' assignment of colours to values; what is not among them takes the next colour of Kibana's own palette."""
    return {
        "assignments": [
            {
                "rule": {"type": "matchExactly", "values": [value]},
                "color": {"type": "colorCode", "colorCode": colour},
                "touched": True,
            }
            for value, colour in colours.items()
        ],
        "specialAssignments": [{"rule": {"type": "other"}, "color": {"type": "loop"}, "touched": False}],
        "paletteId": "eui_amsterdam_color_blind",
        "colorMode": {"type": "categorical"},
    }
