"""Words: texts, members of a vocabulary, yes and no, and JSON."""

import json

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.ingest.casting.cells import Cells, as_text, marked, present, quoted, without

YES = ("true", "t", "yes", "y", "1")
LONGEST_JSON = 1 << 20
NO = ("false", "f", "no", "n", "0")


def text(values: pa.Array, longest: int) -> Cells:
    """A text as it is, without NUL, which PostgreSQL cannot store."""
    texts, faults = as_text(values)
    holds_nul = pc.fill_null(pc.match_substring(texts, "\x00"), False).to_numpy(
        zero_copy_only=False
    )
    too_long = pc.fill_null(pc.greater(pc.utf8_length(texts), longest), False).to_numpy(
        zero_copy_only=False
    )
    faults |= dict.fromkeys(marked(holds_nul), "holds a NUL character")
    for row in marked(too_long):
        length = len(texts[row].as_py())
        faults[row] = f"is {length:,} characters long; it may have {longest:,}"
    bad = holds_nul | too_long
    return Cells(without(texts, bad) if bad.any() else texts, faults)


def choice(values: pa.Array, words: tuple[str, ...]) -> Cells:
    """A member of the vocabulary, in any case, with blanks or hyphens for its underscores."""
    texts, faults = as_text(values)
    members = pa.array(words, pa.string())
    if present(texts).all() and pc.all(pc.is_in(texts, members)).as_py():
        return Cells(texts, faults)
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    plain = pc.replace_substring_regex(plain, "[ -]", "_")
    exact = pc.is_in(texts, members)
    found = pc.index_in(plain, pa.array([word.lower() for word in words], pa.string()))
    result = pc.if_else(exact, texts, pc.take(members, found))
    bad = present(texts) & ~present(result)
    for row in marked(bad):
        faults[row] = f"{quoted(texts[row].as_py())} is not known; there are {', '.join(words)}"
    return Cells(result, faults)


def boolean(values: pa.Array) -> Cells:
    """Yes or no, as people and programs write them."""
    if pa.types.is_boolean(values.type):
        return Cells(values)
    texts, faults = as_text(values)
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    yes, no = (pc.is_in(plain, pa.array(words, pa.string())) for words in (YES, NO))
    result = pc.if_else(yes, True, pc.if_else(no, False, pa.scalar(None, pa.bool_())))
    for row in marked(present(texts) & ~present(result)):
        faults[row] = f"{quoted(texts[row].as_py())} is neither true nor false"
    return Cells(result, faults)


def json_text(values: pa.Array) -> Cells:
    """JSON that PostgreSQL takes: it knows no NaN and no NUL."""
    cells = text(values, LONGEST_JSON)
    faults = dict(cells.faults)
    for row in marked(present(cells.values)):
        if why := _not_json(cells.values[row].as_py()):
            faults[row] = why
    bad = [row in faults for row in range(len(values))]
    result = pc.if_else(pa.array(bad, pa.bool_()), pa.scalar(None, pa.string()), cells.values)
    return Cells(result, faults)


def _not_json(value: str) -> str | None:
    def refuse(name: str) -> None:
        raise ValueError(f"JSON knows no {name}")

    try:
        json.loads(value, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        return f"{quoted(value)} is no JSON: {error}"
    return "holds a NUL character" if "\\u0000" in value else None
