import csv
import io
from pathlib import Path

from harness import store
from harness.report.publish import publish
from harness.report.utterances_csv import COLUMNS, utterances_csv
from tests import stored
from tests.analysis.corpora import heard, run
from tests.analysis.test_corpus_accuracy import corpus


def test_a_row_an_utterance() -> None:
    """Counts over all its trials, its rates, its texts as they were written; nothing that a spreadsheet would run."""
    trials = [
        heard(0, "One, two.", "one too", id="a", speaker="s", language="en"),
        heard(1, "One, two.", "one two", id="a", speaker="s", language="en"),
        heard(2, '=1, "x"\n', "", id="b"),
    ]
    rows = list(csv.DictReader(io.StringIO(utterances_csv(run(trials), trials))))
    assert list(rows[0].items()) == list(
        zip(
            COLUMNS,
            [
                *("asr", "a", "s", "en", "10.0", "2", "1", "0"),
                *("0.25", "1", "0", "0", "3", "4"),
                *(repr(1 / 14), "1", "14", "One, two.", "one too"),
            ],
            strict=True,
        )
    )
    assert (rows[1]["empty_trials"], rows[1]["wer"], rows[1]["reference"]) == ("1", "1.0", '\'=1, "x"\n')


def test_the_file_is_written_for_several_utterances(tmp_path: Path) -> None:
    """Of one there is nothing to sort; of four there are four rows."""
    trials = corpus()
    assert not (
        publish(stored.write(tmp_path / "one", run(trials[:1]), trials[:1])).stored.folder / store.UTTERANCES
    ).exists()
    folder = publish(stored.write(tmp_path / "four", run(trials), trials)).stored.folder
    assert len((folder / store.UTTERANCES).read_text(encoding="utf-8").splitlines()) == 5
