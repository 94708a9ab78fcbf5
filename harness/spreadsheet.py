"""Texts of others (outcomes, transcripts, overrides) as a spreadsheet can be given them in a CSV file."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text may not begin with: spreadsheets would run it, or skip this character and run the rest."""


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: behind an apostrophe, unless it is a number."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
