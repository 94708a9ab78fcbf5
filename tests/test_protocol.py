from harness.protocol import Protocol


def test_a_protocols_defaults_are_the_documented_ones() -> None:
    """Those of ``conf/config.yaml``."""
    assert Protocol(order=("asr",)) == Protocol(
        order=("asr",),
        iterations=5,
        warmup=0,
        lifecycle="recreate",
        residency="one_at_a_time",
        isolation="run",
        trim="end",
        timeout_s=600.0,
        on_crash="continue",
        seed=0,
        threads=6,
        context_length=4096,
        page_cache="as_is",
    )
