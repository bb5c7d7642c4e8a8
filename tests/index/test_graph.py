"""What a graph runs on."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from index import graph

CPU, GPU = "CPUExecutionProvider", "CUDAExecutionProvider"


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    graph._load_cuda.cache_clear()
    yield
    graph._load_cuda.cache_clear()


def test_cuda_is_loaded_once_before_its_provider_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = []

    def preload() -> None:
        loaded.append(True)
        sys.stdout.write("Failed to load libcudnn.so.9\n")

    monkeypatch.setattr(graph.onnxruntime, "get_available_providers", lambda: ["TensorrtExecutionProvider", GPU, CPU])
    monkeypatch.setattr(graph.onnxruntime, "preload_dlls", preload)
    assert graph.providers() == [GPU, CPU] == graph.providers()
    told = capsys.readouterr()
    assert loaded == [True] and not told.out and "libcudnn" in told.err, "answers alone go to standard output"


def test_without_the_gpu_wheel_nothing_of_cuda_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def preload() -> None:
        raise AssertionError("there is nothing to load")

    monkeypatch.setattr(graph.onnxruntime, "get_available_providers", lambda: ["AzureExecutionProvider", CPU])
    monkeypatch.setattr(graph.onnxruntime, "preload_dlls", preload)
    assert graph.providers() == [CPU]


def test_onnx_runtime_has_what_is_called() -> None:
    # On the processor's wheel it finds no version of CUDA and does nothing.
    graph._load_cuda()
