from __future__ import annotations

import pytest
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as M2M_100
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as FLORES_200

from index.errors import UnknownLanguage
from training.translation.codes import flores_codes, language_and_script, marian_codes, model_code

FLORES = {
    "ar": "arb_Arab", "zh": "zho_Hans", "zh-Hant": "zho_Hant", "zh-TW": "zho_Hant", "fa": "pes_Arab", "fa-AF": "prs_Arab",
    "et": "est_Latn", "lv": "lvs_Latn", "ms": "zsm_Latn", "mn": "khk_Cyrl", "ne": "npi_Deva", "no": "nob_Latn",
    "nb": "nob_Latn", "nn": "nno_Latn", "or": "ory_Orya", "ps": "pbt_Arab", "qu": "quy_Latn", "sq": "als_Latn",
    "sw": "swh_Latn", "uz": "uzn_Latn", "yi": "ydd_Hebr", "az": "azj_Latn", "om": "gaz_Latn", "ku": "kmr_Latn",
    "fil": "tgl_Latn", "ff": "fuv_Latn", "ak": "aka_Latn", "tw": "twi_Latn", "ko": "kor_Hang", "ja": "jpn_Jpan",
    "pt-BR": "por_Latn", "yue": "yue_Hant", "ks-Deva": "kas_Deva", "he": "heb_Hebr", "th": "tha_Thai",
}  # fmt: skip


@pytest.mark.parametrize(("code", "own"), FLORES.items())
def test_bcp_47_finds_its_flores_code(code: str, own: str) -> None:
    assert model_code(code, FLORES_200, "NLLB") == own


def test_no_two_flores_codes_stand_for_the_same() -> None:
    known = [language_and_script(code) for code in FLORES_200]
    assert None not in known and len(set(known)) == len(known)


@pytest.mark.parametrize(("code", "own"), [("no", "no"), ("nb", "no"), ("nso", "ns"), ("fil", "tl"), ("zh-CN", "zh")])
def test_bcp_47_finds_its_m2m_code(code: str, own: str) -> None:
    assert model_code(code, M2M_100["m2m100"], "M2M-100") == own


def test_marian_tokens_are_found_the_plainest_first() -> None:
    codes = marian_codes(
        [">>cmn_Hans<<", ">>cmn<<", ">>zho_Hant<<", ">>pt_br<<", ">>srp_Latn<<", "▁the", "</s>", ">>x<<"]
    )
    assert [model_code(code, codes, "OPUS") for code in ("zh", "zh-Hant", "pt", "sr-Latn")] == [
        "cmn", "zho_Hant", "pt_br", "srp_Latn",
    ]  # fmt: skip
    with pytest.raises(UnknownLanguage, match=r"OPUS does not know language 'sr'; it knows pt, sr-Latn, zh, zh-Hant"):
        model_code("sr", codes, "OPUS")


def test_only_language_codes_are_taken_for_flores_codes() -> None:
    assert flores_codes(["deu_Latn", "▁deu_Latn", "deu", "<s>", "abc_latn"]) == ["deu_Latn"]
