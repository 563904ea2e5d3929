"""One cluster of two processes for all tests of this folder."""

import pytest


@pytest.fixture(scope="session")
def client():
    """A client of two workers, where XLA is off as in other tests; ``as_current``."""
    distributed = pytest.importorskip(
        "distributed", reason="the extra distributed is not installed"
    )
    from clusters import XLA

    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        client.register_plugin(XLA(on=False))
        yield client
