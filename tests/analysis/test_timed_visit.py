from harness.analysis.timed_visit import gives_times, qualities, source
from harness.records import Visit, Word


def test_an_aligner_that_found_nothing_gives_times_and_an_asr_without_words_gives_none() -> None:
    """What an aligner did not find is its fault; an ASR need not time its words."""
    assert gives_times(Visit("aligner", "aligner", text=""))
    assert not gives_times(Visit("aligner", "aligner"))
    assert not gives_times(Visit("asr", "asr", text="ask"))
    assert gives_times(Visit("asr", "asr", text="ask", words=(Word("ask", 0.0, 1.0),)))


def test_whose_text_and_how_well_it_fits() -> None:
    """An ASR's own words are of its own text; a word without a quality counts for none."""
    visit = Visit("asr", "asr", words=(Word("ask", 0.0, 1.0, 0.5), Word("not", 1.0, 2.0)))
    assert (source(visit), qualities(visit)) == ("asr", [0.5])
    assert source(Visit("aligner", "aligner", text_from="reference")) == "reference"
