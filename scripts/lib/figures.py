"""Sizes as typed and as printed, and tables as aligned text or Markdown."""

import argparse

UNITS = {"K": 10**3, "M": 10**6, "G": 10**9}
TEXT_COLUMNS = {"export", "variant", "payload", "payloads", "upload", "uploads", "receiver", "phase", "note"}


def parse_size(text):
    """Bytes from "500", "5M", "1.5G"; an argparse type."""
    number, unit = (text[:-1], UNITS[text[-1].upper()]) if text[-1:].upper() in UNITS else (text, 1)
    try:
        size = round(float(number) * unit)
    except (ValueError, OverflowError):
        size = -1
    if size < 0:
        raise argparse.ArgumentTypeError(f"not a size: {text!r} (examples: 500K, 50M, 5G)")
    return size


def format_size(size):
    """"50 MB" from 50,000,000: at most one decimal, in the largest unit that fits."""
    for unit in ("G", "M", "K"):
        if size >= UNITS[unit]:
            return f"{size / UNITS[unit]:.1f}".removesuffix(".0") + f" {unit}B"
    return f"{size} B"


def megabytes(size):
    """"31.2" from 31,200,000 bytes; no decimals from 100 MB on."""
    return f"{size / 10**6:,.0f}" if size >= 10**8 else f"{size / 10**6:.1f}"


def render_table(header, rows, markdown):
    """Lines of a table: TEXT_COLUMNS are aligned left, figures right."""
    if markdown:
        header = [cell.replace("|", "\\|") for cell in header]
        rows = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(2, *(len(row[column]) for row in [header, *rows])) for column in range(len(header))]
    left = [name in TEXT_COLUMNS for name in header]

    def line(cells):
        padded = [c.ljust(w) if is_left else c.rjust(w) for c, w, is_left in zip(cells, widths, left, strict=True)]
        return "| " + " | ".join(padded) + " |" if markdown else "  ".join(padded).rstrip()

    if markdown:
        rule = ["-" * w if is_left else "-" * (w - 1) + ":" for w, is_left in zip(widths, left, strict=True)]
    else:
        rule = ["-" * w for w in widths]
    return [line(header), line(rule), *(line(row) for row in rows)]
