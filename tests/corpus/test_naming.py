from pathlib import Path

from harness.corpus.naming import FileNames, Ids, stretch_name


def named(root: str, *paths: str) -> list[str]:
    """Return the names of files."""
    names = FileNames(Path(root))
    for path in (*paths, *paths):
        names.see(path)
    names.seen_all()
    return [names.of(path) for path in paths]


def test_a_file_is_called_by_its_name() -> None:
    """Without the ending; of several files of one name, each with the folders that it is in."""
    assert named("/d", "/d/a.wav", "/d/b/c.d.flac", "/d/noend") == ["a", "c.d", "noend"]
    assert named("/d", "/d/1/a.wav", "/d/2/a.wav", "/d/b.wav") == ["1-a.wav", "2-a.wav", "b"]
    assert named("/d", "/d/a.wav", "/d/a.flac") == ["a.wav", "a.flac"]


def test_a_file_elsewhere_is_told_apart_by_its_paths_digest() -> None:
    """Its folders from there on would be the machine's."""
    assert named("/d", "/e/a.wav", "/f/a.wav") == ["a-517c0dd5", "a-587d18b9"]


def test_a_stretch_is_called_by_its_milliseconds() -> None:
    """The recording's start needs none."""
    assert [stretch_name("a", offset_s) for offset_s in (0.0, 0.0004, 12.3456)] == ["a", "a-00000000", "a-00012346"]


def test_an_id_belongs_to_the_first_entry_that_has_it() -> None:
    """Whose number every later one is told."""
    ids = Ids()
    assert [ids.earlier(own, number) for number, own in enumerate(["x", "y", "x", "x"], start=1)] == [None, None, 1, 1]
