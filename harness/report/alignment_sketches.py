"""The chart of errors of word times: whose stand in it, and what it says in words."""

from collections.abc import Iterator, Mapping

from harness.analysis.summary import Summary
from harness.report.alignment_chart import Errors, errors_chart
from harness.report.alignment_tables import source
from harness.report.drawn import Sketch
from harness.report.figures import figure

_TITLE = "Errors of word times"


def alignment_sketches(summary: Summary, names: Mapping[str, str]) -> Iterator[Sketch]:
    """Yield the chart where the dataset has reference times; ``names`` are the stages' in a legend."""
    timed = [(text, text.errors) for text in summary.alignment.texts if text.errors is not None and text.errors.n]
    if not timed:
        return
    shown = [
        Errors(f"{names[text.stage]}, {source(text)}", errors.start_quantiles_ms, errors.end_quantiles_ms)
        for text, errors in timed
    ]
    said = "; ".join(
        f"{one.name}: median error of starts {figure(errors.start_bias_ms, '+z.1f')} ms, of ends "
        f"{figure(errors.end_bias_ms, '+z.1f')} ms"
        for one, (_, errors) in zip(shown, timed, strict=True)
    )
    yield Sketch(
        "alignment",
        _TITLE,
        f"Distribution of the signed errors of word starts and ends. {said}.",
        lambda: errors_chart(shown, _TITLE),
        wide=True,
    )
