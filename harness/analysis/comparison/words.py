"""What a difference is called: the one place where a metric's unit and direction become a word.

=================================== ============ ============
a metric in                         lower in B   higher in B
=================================== ============ ============
ms, s, s/s where lower is better    faster       slower
1/s, s/s where higher is better     slower       faster
MiB, KiB, of anything               less         more
anything else with a direction      better or worse, by its direction
anything else                       lower        higher
=================================== ============ ============
"""

from harness.metrics import Better

NO_DIFFERENCE = "no difference shown"
NOT_COMPARED = "not compared"
SAME_TEXT, OTHER_TEXT = "same text", "other text"
_TIMES, _MEMORY = ("ms", "s", "s/s", "1/s"), ("MiB", "KiB")


def word(unit: str, better: Better, *, higher: bool) -> str:
    """Return what it is called that B's figure is higher, or lower, than A's."""
    if unit.partition("/")[0] in _MEMORY:
        return "more" if higher else "less"
    if better == "neither":
        return "higher" if higher else "lower"
    improved = hurts(better, higher=not higher)
    if unit in _TIMES:
        return "faster" if improved else "slower"
    return "better" if improved else "worse"


def hurts(better: Better, *, higher: bool) -> bool:
    """Tell whether B's figure being higher, or lower, is the direction that nobody wants."""
    return better == ("lower" if higher else "higher")
