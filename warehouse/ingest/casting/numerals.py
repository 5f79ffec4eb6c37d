"""Numbers: decimals that keep the digits they are given, floats and whole numbers."""

import re
from decimal import Decimal as Number
from decimal import localcontext

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from warehouse.ingest.casting.cells import (
    Cells,
    Faults,
    Mask,
    as_text,
    is_text,
    marked,
    present,
    quoted,
    tried,
    without,
)

Longs = NDArray[np.int64]

WIDEST = 76  # digits of decimal256
QUICK = 18  # digits that fit an int64 whatever they are
PLAIN = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)$"
WRITTEN = re.compile(r"\s*([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,4}))?\s*", re.ASCII)
NOT_FINITE = re.compile(r"\s*[+-]?(nan|inf(inity)?)\s*", re.IGNORECASE)
FLOAT_DIGITS = 9  # decimals looked for in a binary float before its text is asked


def numeric(values: pa.Array, factor: Number | None = None) -> Cells:
    """Exact decimals, each with as many decimals as it was given, times a factor."""
    kind = values.type
    if pa.types.is_floating(kind):
        return _scaled(_of_floats(pc.cast(values, pa.float64())), factor)
    if pa.types.is_integer(kind) and kind != pa.uint64():
        units = pc.fill_null(pc.cast(values, pa.int64()), 0).to_numpy()
        return _scaled(_Exact(units, np.zeros(len(units), np.int64), present(values), {}), factor)
    if pa.types.is_decimal128(kind) and kind.scale >= 0 and factor is None:
        return Cells(values)
    texts, faults = as_text(values)
    exact = _of_texts(texts)
    exact.faults.update(faults)
    return _scaled(exact, factor)


class _Exact:
    """Whole units and the decimals of each; `wide` holds what does not fit, by row."""

    def __init__(
        self,
        units: Longs,
        scales: Longs,
        there: Mask,
        faults: Faults,
        wide: dict[int, Number] | None = None,
    ) -> None:
        self.units, self.scales, self.there = units, scales, there
        self.faults, self.wide = faults, wide or {}


def _of_texts(texts: pa.Array) -> _Exact:
    there = present(texts)
    quick = _quick(texts)
    if quick is not None:
        return _Exact(*quick, there, {})
    plain = pc.match_substring_regex(texts, PLAIN)
    short = pc.less_equal(pc.binary_length(texts), QUICK)
    good = pc.fill_null(pc.and_(plain, short), False).to_numpy(zero_copy_only=False)
    found = _quick(without(texts, ~good))
    assert found is not None
    exact = _Exact(found[0].copy(), found[1], there.copy(), {})
    for row in marked(there & ~good):
        _read(exact, row, texts[row].as_py())
    return exact


def _quick(texts: pa.Array) -> tuple[Longs, Longs] | None:
    """All at once, or None where one is not written plainly."""
    # The parser of whole numbers takes 0x10, and without its point ".-5" reads as a number.
    odd = (
        pc.match_substring(texts, "x"),
        pc.match_substring(texts, "X"),
        pc.starts_with(texts, ".-"),
    )
    if any(pc.any(each).as_py() for each in odd):
        return None
    try:
        units = pc.cast(pc.replace_substring(texts, ".", "", max_replacements=1), pa.int64())
    except pa.ArrowInvalid:
        return None
    point = pc.find_substring(texts, ".").fill_null(-1).to_numpy()
    length = pc.binary_length(texts).fill_null(0).to_numpy()
    scales = np.where(point < 0, 0, length - point - 1).astype(np.int64)
    return units.fill_null(0).to_numpy(), scales


def _read(exact: _Exact, row: int, text: str) -> None:
    """One that is written with an exponent, a sign, blanks or many digits, or is no number."""
    fault = not_a_number(text)
    number = None if fault else Number(text.strip())
    if number is not None and not _fits(number):
        fault = f"{quoted(text)} has more than {WIDEST} digits"
    if fault or number is None:
        exact.faults[row] = fault or ""
        exact.there[row] = False
        return
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    units = int("".join(map(str, digits))) * (-1 if sign else 1) * 10 ** max(exponent, 0)
    scale = max(-exponent, 0)
    if abs(units) < 10**QUICK and scale <= QUICK:
        exact.units[row], exact.scales[row] = units, scale
    else:
        exact.wide[row] = Number(text.strip())


def _fits(number: Number) -> bool:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    return max(len(digits) + max(exponent, 0), -exponent) <= WIDEST


def not_a_number(text: str) -> str | None:
    """Why a text is no number, or None."""
    if NOT_FINITE.fullmatch(text):
        return f"is {text.strip()}, which is no number"
    return None if WRITTEN.fullmatch(text) else f"{quoted(text)} is no number"


def _of_floats(values: pa.Array) -> _Exact:
    """The fewest decimals that give the same binary number back, as it would be printed."""
    there = present(values).copy()
    floats = values.fill_null(0.0).to_numpy()
    faults = {row: f"is {floats[row]}, which is no number" for row in marked(~np.isfinite(floats))}
    there &= np.isfinite(floats)
    units, scales = np.zeros(len(floats), np.int64), np.zeros(len(floats), np.int64)
    left = np.flatnonzero(there)
    for scale in range(FLOAT_DIGITS + 1):
        rounded = np.rint(floats[left] * 10.0**scale)
        same = (rounded / 10.0**scale == floats[left]) & (np.abs(rounded) < 2.0**53)
        units[left[same]], scales[left[same]] = rounded[same].astype(np.int64), scale
        left = left[~same]
    exact = _Exact(units, scales, there, faults)
    for row in map(int, left):
        _read(exact, row, repr(float(floats[row])))
    return exact


def _scaled(exact: _Exact, factor: Number | None) -> Cells:
    """Times the factor: a power of ten moves the point, so 1234 cents are 12.34."""
    units, scales = exact.units, exact.scales
    if factor is not None:
        exact.wide = {row: number * factor for row, number in exact.wide.items()}
        sign, digits, exponent = factor.as_tuple()
        assert isinstance(exponent, int)
        whole = int("".join(map(str, digits))) * (-1 if sign else 1)
        _widen(exact, whole, max(exponent, 0), factor)
        units = units * whole * 10 ** max(exponent, 0)
        scales = scales + max(-exponent, 0)
    most = int(scales[exact.there].max(initial=0))
    lift = np.where(exact.there, most - scales, 0)
    if exact.wide or most > QUICK or _overflows(units, lift, exact.there):
        return _wide(exact, units, scales)
    lifted = np.where(exact.there, units * 10**lift, 0)
    return _cells(lifted, scales, most, exact)


def _widen(exact: _Exact, whole: int, lift: int, factor: Number) -> None:
    bound = 10**QUICK // max(abs(whole) * 10**lift, 1)
    for row in marked(exact.there & (np.abs(exact.units) > bound)):
        exact.wide[row] = Number(int(exact.units[row])).scaleb(-int(exact.scales[row])) * factor


def _overflows(units: Longs, lift: Longs, there: Mask) -> bool:
    if not there.any():
        return False
    return bool((np.abs(units[there]) >= 10.0 ** (QUICK - lift[there])).any())


def _cells(units: Longs, scales: Longs, scale: int, exact: _Exact) -> Cells:
    limbs = np.empty((len(units), 2), np.int64)
    limbs[:, 0], limbs[:, 1] = units, units >> 63
    bitmap = None
    if not exact.there.all():
        bitmap = pa.py_buffer(np.packbits(exact.there, bitorder="little"))
    kind = pa.decimal128(max(QUICK, scale), scale)
    values = pa.Array.from_buffers(kind, len(units), [bitmap, pa.py_buffer(limbs)])
    given = pa.array(scales.astype(np.int16)) if (scales[exact.there] != scale).any() else None
    return Cells(values, exact.faults, given)


def _wide(exact: _Exact, units: Longs, scales: Longs) -> Cells:
    numbers: list[Number | None] = []
    with localcontext() as context:
        context.prec = 3 * WIDEST
        for row in range(len(units)):
            number = exact.wide.get(row)
            if number is None and exact.there[row]:
                number = Number(int(units[row])).scaleb(-int(scales[row]))
            numbers.append(number if exact.there[row] else None)
        given = [0 if n is None else max(-int(n.as_tuple().exponent), 0) for n in numbers]
        kind = pa.decimal256(WIDEST, max(given, default=0))
        for row, number in enumerate(numbers):
            if number is not None and not _fits(number.quantize(Number(1).scaleb(-kind.scale))):
                numbers[row] = None
                exact.faults[row] = (
                    f"has more than {WIDEST} digits, beside others of {kind.scale} decimals"
                )
        return Cells(pa.array(numbers, kind), exact.faults, pa.array(given, pa.int16()))


# -- floats and whole numbers ----------------------------------------------------------------------


def double(values: pa.Array, factor: Number | None = None) -> Cells:
    """Binary floats, finite."""
    texts, faults = (values, {}) if _is_number(values) else as_text(values)
    cells = tried(
        texts,
        lambda part: pc.cast(part, pa.float64()),
        pa.float64(),
        lambda text: not_a_number(text) or f"{quoted(text)} is no number",
    )
    result = cells.values if factor is None else pc.multiply(cells.values, float(factor))
    bad = ~pc.fill_null(pc.is_finite(result), True).to_numpy(zero_copy_only=False)
    odd = {row: f"is {result[row].as_py()}, which is no number" for row in marked(bad)}
    return Cells(without(result, bad) if odd else result, {**faults, **cells.faults, **odd})


def integer(values: pa.Array, kind: pa.DataType) -> Cells:
    """Whole numbers within the column's range; 5.0 is one."""
    texts, faults = (values, {}) if _is_number(values) else as_text(values)
    if is_text(texts):
        texts = pc.utf8_trim_whitespace(texts)
        hexed = (
            pc.match_substring(texts, "x", ignore_case=True)
            .fill_null(False)
            .to_numpy(zero_copy_only=False)
        )
        faults |= {row: f"{quoted(texts[row].as_py())} is no number" for row in marked(hexed)}
        texts = pc.replace_substring_regex(without(texts, hexed), r"^\+|\.0*$", "")
    cells = tried(texts, lambda part: pc.cast(part, kind), kind, _why_no_integer)
    return Cells(cells.values, {**cells.faults, **faults})


def _why_no_integer(value: object) -> str:
    fault = not_a_number(str(value))
    if fault:
        return fault
    whole = Number(str(value)) == Number(str(value)).to_integral_value()
    return (
        f"{quoted(value)} is past the column's range"
        if whole
        else f"{quoted(value)} is no whole number"
    )


def _is_number(values: pa.Array) -> bool:
    return bool(pa.types.is_floating(values.type) or pa.types.is_integer(values.type))
