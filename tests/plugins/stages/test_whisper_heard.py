from plugins.stages.whisper_heard import LONGEST_TOKENS, Heard


def test_pieces_make_up_the_text() -> None:
    """The space before the first is left out; what is only known at the very end is not emitted, but in the text."""
    emitted: list[str] = []
    heard = Heard(emitted.append)
    heard.begin(0.0, 30.0, is_last=False)
    heard.first(" And")
    heard.end(" And so", 2, 0.1)
    heard.begin(30.0, 41.0, is_last=True)
    heard.end(" my", 1, 0.1)
    assert (emitted, heard.text) == (["And", " so"], "And so my")
    assert heard.facts == {"windows": 2, "tokens": 3}


def test_windows_that_are_doubtful_are_named() -> None:
    """One without speech by the model's own account, and one whose text was as long as it may be."""
    emitted: list[str] = []
    heard = Heard(emitted.append)
    heard.begin(0.0, 29.996, is_last=False)
    heard.end(" so", 1, 0.61)
    heard.begin(30.0, 60.0, is_last=True)
    heard.end(" so", LONGEST_TOKENS // 2, 0.6)
    assert (heard.facts["no_speech"], heard.facts["cut_short"]) == ([[0.0, 30.0, 0.61]], [[30.0, 60.0]])
