"""``python -m harness plugins``: what is installed."""


def plugins() -> None:
    """List stages, probes and exporters with their options, metrics, units and where each comes from."""
    from harness.catalogue import catalogue
    from harness.plugins import discover
    from harness.printable import printable

    print(printable("\n".join(catalogue(discover()))))
