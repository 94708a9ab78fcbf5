from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import ClassVar

from harness.catalogue import catalogue
from harness.hookspecs import Exporter, Probe
from harness.metrics import Kind, Metric
from harness.plugins import Found, Registry, discover
from harness.stage import Stage


class Parrot(Stage):
    """Says its line.

    More of it.
    """

    role = "asr"
    name = "parrot"
    streams = "pieces"
    uses_threads = True
    one_per_process = True

    @dataclass(frozen=True)
    class Options:
        """Its options."""

        line: str
        threads: int = 2
        model: str | None = None
        more: Mapping[str, int] | None = None


class Ruler(Stage):
    """Gives every word a second."""

    role = "aligner"
    name = "ruler"
    uses_threads = False


class Heap(Probe):
    """What the allocator says."""

    name = "heap"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric(name="heap_mib", unit="MiB", scope="memory", main=True, description="in use"),
        Metric(name="share", unit="1", kind=Kind.RATIO, better="higher", description="of what was asked"),
        Metric(name="name", unit="text", kind=Kind.CONSTANCY, better="neither", description="its name"),
    )


class Post(Exporter):
    """Sends it."""

    name = "post"

    @dataclass(frozen=True)
    class Options:
        """Where to."""

        to: str = "nobody"


REGISTRY = Registry(
    {("asr", "parrot"): Found(Parrot, "acme 1.2"), ("aligner", "ruler"): Found(Ruler, "here")},
    {"heap": Found(Heap, "acme 1.2")},
    {"post": Found(Post, "acme 1.2")},
)
NORMALIZERS = [
    "",
    "Normalizers",
    "  none   Fold spaces, and leave everything else as it is.   [built in, version 1]",
    "  basic   Lower-case, strip punctuation, fold spaces; an apostrophe inside a word stays.   [built in, version 1]",
    "  whisper   Normalise English as OpenAI's Whisper is scored: spelling, contractions and numbers made one, fillers "
    f"dropped.   [built in, version {version('whisper-normalizer')}]",
    "  whisper_multilingual   Normalise any language as OpenAI's Whisper is scored: lower case, no brackets, "
    f"punctuation or combining marks.   [built in, version {version('whisper-normalizer')}]",
]


def test_lines() -> None:
    """Stages by role and name, probes, exporters, each with its origin, its options and what it can report."""
    assert list(catalogue(REGISTRY)) == [
        "Stages",
        "  aligner=ruler   Gives every word a second.   [here]",
        "    streams: nothing; uses_threads: no",
        "    one_per_process: no; takes_pcm: no",
        "  asr=parrot   Says its line.   [acme 1.2]",
        "    streams: pieces; uses_threads: yes",
        "    one_per_process: yes; takes_pcm: no",
        "    option line: str",
        "    option threads: int = 2",
        "    option model: str | None = None",
        "    option more: collections.abc.Mapping[str, int] | None = None",
        "",
        "Probes",
        "  heap   What the allocator says.   [acme 1.2]",
        "    memory.heap_mib [MiB] sample, lower is better, main: in use",
        "    stage.share [1] ratio, higher is better: of what was asked",
        "    stage.name [text] constancy: its name",
        "",
        "Exporters",
        "  post   Sends it.   [acme 1.2]",
        "    option to: str = 'nobody'",
        *NORMALIZERS,
    ]


def test_nothing_installed() -> None:
    """Without plugins the headings stay."""
    assert list(catalogue(Registry({}, {}))) == ["Stages", "", "Probes", "", "Exporters", *NORMALIZERS]


def test_everything_installed() -> None:
    """Everything that is found is listed with all that it can report."""
    registry = discover()
    lines = list(catalogue(registry))
    for role, name in registry.stages:
        assert any(line.startswith(f"  {role}={name}   ") for line in lines)
    for name, found in registry.probes.items():
        assert any(line.startswith(f"  {name}   ") for line in lines)
        for metric in found.cls.metrics:
            assert any(
                line.startswith(f"    {metric.scope}.{metric.name} [{metric.unit}] {metric.kind}") for line in lines
            )
    for name in registry.exporters:
        assert any(line.startswith(f"  {name}   ") for line in lines)
