"""What is wrong with a configuration, in one line."""

import re
from difflib import get_close_matches

from pydantic import ValidationError

_UNIONS = frozenset({"network", "start", "freeze", "augmentation", "optimiser", "schedule"})
_MOST_CHOICES = 12
"""Of more than these, an error names the nearest ones only."""


def explain(error: ValidationError) -> str:
    """One line for a user: each key at fault and what it should be."""
    parts = []
    for item in error.errors(include_url=False):
        key = _key(item["loc"])
        if item["type"] == "extra_forbidden":
            parts.append(f"{key} is not a setting")
        elif item["type"] == "value_error":
            parts.append(f"{key}: {item['ctx']['error']}")
        elif item["type"] == "model_type" and not item["loc"]:
            return "A configuration is a JSON object of settings: {…}."
        elif item["type"].startswith("union_tag"):
            choices = item.get("ctx", {}).get("expected_tags") or "its kind, as text"
            parts.append(f"{key}: choose {choices} for its {item['ctx']['discriminator'].strip(chr(39))}")
        elif item["type"] == "literal_error" and item["ctx"]["expected"].count(",") > _MOST_CHOICES:
            choices = re.findall(r"'([^']+)'", item["ctx"]["expected"])
            near = get_close_matches(str(item["input"]), choices, n=4, cutoff=0.4) or choices[:4]
            parts.append(
                f"{key}: choose {', '.join(near)}, … ({len(choices)} names; got {_short(item['input'])})"
            )
        else:
            parts.append(f"{key}: {item['msg'].lower()} (got {_short(item['input'])})")
    return "The configuration can't be used: " + "; ".join(parts) + "."


def damage(error: ValidationError, file: str) -> str:
    """Why a file that cnnviz wrote can't be read any more, after "it can't be read:"; `file` is its name."""
    first = error.errors(include_url=False)[0]
    if first["loc"] == ("format",):
        return f"it was written by another version of cnnviz (format {first['input']})."
    if first["type"] == "json_invalid":
        return f"its {file} is no JSON: it was cut short, or edited."
    if first["type"] == "model_type" and not first["loc"]:
        return f"its {file} is damaged: it has to be a JSON object, {{…}}."
    return explain(error).replace("The configuration can't be used", f"its {file} is damaged")


def _key(location: tuple[int | str, ...]) -> str:
    """The dotted path of a setting; pydantic's own mark of the chosen member of a union is left out."""
    parts = [str(part) for part in location]
    chosen = 2 if parts[:1] == ["augmentation"] else 1
    if parts and parts[0] in _UNIONS and len(parts) > chosen:
        del parts[chosen]
    return _short(".".join(parts), quote=False) or "configuration"


def _short(value: object, *, quote: bool = True) -> str:
    text = repr(value)
    if not quote and isinstance(value, str):
        text = text[1:-1]
    return text if len(text) <= 80 else text[:79] + "…"
