"""How fast one formula is, for one number and for a million. `make bench` times what runs here."""

import numpy as np
import pytest

from inferwall import Deployment, accelerator, decode_step, transformer
from inferwall.data import table
from inferwall.serving import Workload, serve
from inferwall.validation import predict

EVALUATIONS = 1_000_000


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return Deployment(transformer("Llama 3.1 8B"), accelerator("H100 SXM"), weight_format="fp8")


def test_scalar_decode_step(benchmark, deployment):
    step = benchmark(decode_step, deployment, 8, 1024)
    assert step.total_s > 0


def test_vectorised_decode_step(benchmark, deployment):
    batches = np.tile(np.arange(1.0, 101.0), EVALUATIONS // 100)
    step = benchmark(decode_step, deployment, batches, 1024)
    assert step.total_s.shape == (EVALUATIONS,)
    assert step.total_s[7] == pytest.approx(decode_step(deployment, 8, 1024).total_s)


def test_scalar_serve(benchmark, deployment):
    service = benchmark(serve, deployment, Workload(1000, 500), 8)
    assert service.tpot_s > 0


def test_vectorised_serve(benchmark, deployment):
    loads = np.tile(np.arange(1.0, 101.0), EVALUATIONS // 100)
    service = benchmark(serve, deployment, Workload(1000.0, 500.0), loads)
    assert service.tpot_s.shape == (EVALUATIONS,)


def test_predict_the_whole_table(benchmark):
    answer = benchmark(predict, table("measured_serving"))
    assert (answer["reason"] == "").all()
