from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sentence_transformers.base.modules import Dense as TorchDense
from sentence_transformers.sentence_transformer.modules import Pooling as TorchPooling

from index.errors import DamagedEncoder
from index.pooling import Pooling, UnsupportedEncoder, read_head

MODES = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
TOKENS = np.random.default_rng(0).standard_normal((3, 5, 8)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])

TYPES = "sentence_transformers.models"


def write_model(folder: Path, pooling: dict[str, object], *layers: tuple[str, dict[str, object]]) -> Path:
    """Write modules.json with a transformer, a Pooling and more layers."""
    named = [(f"{TYPES}.Transformer", {}), (f"{TYPES}.Pooling", pooling), *layers]
    modules = []
    for number, (kind, config) in enumerate(named):
        path = f"{number}_{kind.rpartition('.')[2]}" if number else ""
        modules.append({"idx": number, "name": str(number), "path": path, "type": kind})
        (folder / path).mkdir(parents=True, exist_ok=True)
        (folder / path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    return folder


@pytest.mark.parametrize("modes", [*[(mode,) for mode in MODES], ("mean", "cls")])
def test_pooling_is_sentence_transformers_pooling(modes: tuple[str, ...]) -> None:
    features = {"token_embeddings": torch.from_numpy(TOKENS), "attention_mask": torch.from_numpy(MASK)}
    expected = TorchPooling(8, modes)(features)["sentence_embedding"].numpy()
    assert np.allclose(Pooling(modes)(TOKENS, MASK), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("config", "modes"),
    [
        ({"pooling_mode": "lasttoken"}, ("lasttoken",)),
        ({"pooling_mode": ["cls", "max"]}, ("cls", "max")),
        ({"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}, ("cls",)),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}, ("max", "mean")),
        ({}, ("mean",)),
    ],
)
def test_old_and_new_configurations_are_read(tmp_path: Path, config: dict[str, object], modes: tuple[str, ...]) -> None:
    folder = write_model(tmp_path, {"word_embedding_dimension": 8, **config})
    assert read_head(folder, has_prompts=False).pooling.modes == modes
    theirs = TorchPooling.load(str(folder), subfolder="1_Pooling").pooling_mode
    assert ((theirs,) if isinstance(theirs, str) else theirs) == modes


@pytest.mark.parametrize("activation", [torch.nn.Tanh(), torch.nn.Identity(), torch.nn.ReLU()])
@pytest.mark.parametrize("bias", [True, False])
def test_dense_layers_are_sentence_transformers_dense_layers(
    tmp_path: Path, activation: torch.nn.Module, bias: bool
) -> None:
    dense = TorchDense(8, 4, bias=bias, activation_function=activation)
    folder = write_model(tmp_path, {}, (f"{TYPES}.Dense", {}), (f"{TYPES}.Dropout", {}), (f"{TYPES}.Normalize", {}))
    dense.save(str(folder / "2_Dense"))
    vectors = read_head(folder, has_prompts=False)(TOKENS, MASK)
    pooled = torch.from_numpy(Pooling(("mean",))(TOKENS, MASK))
    with torch.no_grad():
        expected = torch.nn.functional.normalize(dense({"sentence_embedding": pooled})["sentence_embedding"])
    assert np.allclose(vectors, expected.numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("pooling", "layer", "told"),
    [
        ({}, ("custom_st.Dense", {}), "custom_st.Dense"),
        ({}, (f"{TYPES}.LSTM", {}), "LSTM"),
        ({"pooling_mode": "attention"}, (f"{TYPES}.Normalize", {}), "attention is not known"),
        ({"include_prompt": False}, (f"{TYPES}.Normalize", {}), "include_prompt"),
        ({}, (f"{TYPES}.Dense", {"activation_function": "torch.nn.Mish"}), "Mish"),
        ({}, (f"{TYPES}.Dense", {"use_residual": True}), "no residual"),
        ({}, (f"{TYPES}.Dense", {"module_input_name": "token_embeddings"}), "the text's vector only"),
    ],
)
def test_what_cannot_be_served_is_told(
    tmp_path: Path, pooling: dict[str, object], layer: tuple[str, dict[str, object]], told: str
) -> None:
    with pytest.raises(UnsupportedEncoder, match=told):
        read_head(write_model(tmp_path, pooling, layer), has_prompts=True)


def test_a_model_without_pooling_is_told(tmp_path: Path) -> None:
    modules = [{"path": "", "type": f"{TYPES}.Transformer"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    with pytest.raises(UnsupportedEncoder, match="no Pooling"):
        read_head(tmp_path, has_prompts=False)


def test_missing_and_broken_files_are_told(tmp_path: Path) -> None:
    folder = write_model(tmp_path, {}, (f"{TYPES}.Dense", {}))
    with pytest.raises(DamagedEncoder, match="safetensors"):
        read_head(folder, has_prompts=False)
    save_file({"other": torch.ones(1)}, folder / "2_Dense" / "model.safetensors")
    with pytest.raises(DamagedEncoder, match=r"linear\.weight"):
        read_head(folder, has_prompts=False)
    (folder / "2_Dense" / "model.safetensors").write_bytes(b"no")
    with pytest.raises(DamagedEncoder, match="cannot be read"):
        read_head(folder, has_prompts=False)
    (folder / "1_Pooling" / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(DamagedEncoder, match="not JSON"):
        read_head(folder, has_prompts=False)
    (folder / "1_Pooling" / "config.json").unlink()
    with pytest.raises(DamagedEncoder, match="missing"):
        read_head(folder, has_prompts=False)
