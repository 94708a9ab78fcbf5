"""What a dataset is called in a line of a report."""

from collections.abc import Mapping
from typing import Any


def dataset_name(dataset: Mapping[str, Any], missing: str) -> str:
    """Return the audio file that a dataset's configuration names; of another form, the form and what it is read from.

    ``missing`` is returned where it names neither.
    """
    if "audio" in dataset:
        return str(dataset["audio"])
    sources = [value for key, value in dataset.items() if key != "form"]
    return f"{dataset['form']} {sources[0]}" if "form" in dataset and sources else missing
