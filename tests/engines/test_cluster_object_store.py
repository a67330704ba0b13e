"""Data, files of the training and checkpoints in an object store: moto's S3 server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.data.disk.test_object_store import bucket, server
from tests.engines.serial import SerialExecutor

import penchant
from penchant import ALS
from penchant.engines.blocks.engine import Blocks
from penchant.engines.cluster.engine import Cluster
from penchant.errors import DatasetError, SettingsError

__all__ = ["bucket", "server"]

ENTRIES = 200
DATA = random_interactions(60, 40, seed=3)
SETTINGS = {"factors": 4, "iterations": 3}


def expected(data: penchant.Interactions = DATA) -> ALS:
    return ALS(**SETTINGS).fit(data, engine=Blocks(entries_per_block=ENTRIES))


def assert_same(model: ALS, other: ALS) -> None:
    np.testing.assert_array_equal(model.user_factors, other.user_factors)
    np.testing.assert_array_equal(model.item_factors, other.item_factors)


def names(bucket: str) -> list[str]:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    return s3fs.S3FileSystem().find(bucket)


@pytest.mark.parametrize("fixed_side", ["replicated", "streamed"])
def test_the_files_of_a_training_are_in_a_bucket(fixed_side, bucket: str) -> None:
    engine = Cluster(
        SerialExecutor(),
        folder=f"{bucket}/trainings",
        entries_per_block=ENTRIES,
        fixed_side=fixed_side,
        checkpoint=f"{bucket}/likes.training",
    )
    counts = []
    model = ALS(**SETTINGS).fit(
        DATA, engine=engine, on_epoch=lambda _: counts.append(len(names(bucket)))
    )
    assert_same(model, expected())
    assert counts[1] == counts[2] > 10
    engine.close()
    assert names(bucket) == ["likes/likes.training"]


def test_a_training_continues_from_a_checkpoint_in_a_bucket(bucket: str) -> None:
    def engine(**options) -> Blocks:
        checkpoint = f"{bucket}/likes.training"
        return Blocks(entries_per_block=ENTRIES, checkpoint=checkpoint, **options)

    numbers: list[int] = []
    ALS(**SETTINGS).fit(DATA, engine=engine(), on_epoch=lambda epoch: epoch.number == 2)
    model = ALS(**SETTINGS)
    model.fit(DATA, engine=engine(), on_epoch=lambda e: numbers.append(e.number))
    assert numbers == [3]
    assert_same(model, expected())
    with pytest.raises(SettingsError, match=r"s3://likes/likes\.training is not a training"):
        ALS(factors=5, iterations=3).fit(DATA, engine=engine())


def test_a_bucket_that_is_not_there_is_named(monkeypatch, bucket: str) -> None:
    with pytest.raises(DatasetError, match=r"can't write s3://none/"):
        Cluster(SerialExecutor(), folder="s3://none/trainings")


def test_workers_train_from_a_bucket_to_a_bucket(bucket: str, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    address = f"{bucket}/likes.dataset"
    penchant.ingest(DATA.to_pandas(), address, "user", "item", "value")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with (
        distributed.LocalCluster(**options) as local,
        distributed.Client(local) as client,
    ):
        engine = penchant.engines.Dask(client, folder=f"{bucket}/trainings")
        model = ALS(**SETTINGS).fit(penchant.open_dataset(address), engine=engine)
        engine.close()
    local_copy = penchant.ingest(
        DATA.to_pandas(), tmp_path / "likes.dataset", "user", "item", "value"
    )
    assert_same(model, expected(local_copy))
    assert not [name for name in names(bucket) if "penchant-training" in name]
