from dataclasses import fields, is_dataclass

import pytest

from harness import exchange


@pytest.mark.parametrize("record", [kind for kind in vars(exchange).values() if is_dataclass(kind)])
def test_records_are_frozen(record: type) -> None:
    """A stage cannot change what it was asked, and nobody what it answered."""
    assert record.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(record)
