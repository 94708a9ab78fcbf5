"""A sentence that nobody spoke so."""

from harness.records import Word
from harness.synthetic.spoken import Spoken
from tests.synthetic.sounds import square


def test_text_and_duration() -> None:
    """The text is the words; 1500 ms are 1.5 s."""
    one = Spoken("a", square(1_500, 1), (Word("ask", 300.0, 400.0), Word("not", 400.0, 500.0)), "ann", "made")
    assert (one.text, one.duration_s) == ("ask not", 1.5)
