"""Captions become token ids: BERT's WordPiece or GPT's byte pairs, from a file, the hub, or the captions themselves."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ftfy
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from pipeline.train.hub import HubError, hub_file

FILE = "tokenizer.json"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""In this order their ids are 0 to 4 in a vocabulary trained here; 0 is padding everywhere."""

TEXT_ENDS = ("<|startoftext|>", "<|endoftext|>")
"""Of CLIP's GPT. The end has the largest id: open_clip pools a text at its largest."""

Ids = NDArray[np.uint16]


class TokenizerError(ValueError):
    """A vocabulary that cannot be used; the message is one line for the user."""


class CaptionTokenizer:
    """Texts to ids, cut at the context, with the tokens that begin and end a text.

    Args:
        tokenizer: of the tokenizers library.
        context: most ids of a text.
    """

    def __init__(self, tokenizer: Tokenizer, context: int) -> None:
        if tokenizer.get_vocab_size() > np.iinfo(np.uint16).max + 1:
            raise TokenizerError(f"{tokenizer.get_vocab_size()} tokens; ids are stored in 16 bits")
        self.context = context
        self._tokenizer = tokenizer
        tokenizer.no_padding()
        tokenizer.enable_truncation(context)

    @property
    def vocab_size(self) -> int:
        """Number of different ids."""
        return self._tokenizer.get_vocab_size()

    @property
    def digest(self) -> str:
        """Equal for tokenizers that give equal ids."""
        return hashlib.sha256(self._tokenizer.to_str().encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text."""
        return [np.array(e.ids, np.uint16) for e in self._tokenizer.encode_batch([clean(text) for text in texts])]

    def to_json(self) -> str:
        """What `tokenizer_from_json` reads."""
        return self._tokenizer.to_str()

    def save(self, folder: Path) -> None:
        """Writes what transformers' `AutoTokenizer` reads from a folder without a network."""
        (folder / FILE).write_text(self._tokenizer.to_str(pretty=True), encoding="utf-8")
        vocabulary = self._tokenizer.get_vocab()
        if "[PAD]" in vocabulary:
            tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
            (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
            names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
            self._describe(folder, "BertTokenizer", dict(zip(names, SPECIAL, strict=True)), do_lower_case=True)
        elif TEXT_ENDS[1] in vocabulary:
            first, last = TEXT_ENDS
            special = {"bos_token": first, "eos_token": last, "unk_token": last, "pad_token": last}
            self._describe(folder, "PreTrainedTokenizerFast", special)

    def _describe(self, folder: Path, kind: str, special: dict[str, str], **options: Any) -> None:
        config = {"tokenizer_class": kind, "model_max_length": self.context, **options, **special}
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
        (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")


def clean(text: str) -> str:
    """A text without mojibake, entities and runs of blanks: what open_clip does before it tokenizes."""
    return " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())


def tokenizer_from_json(text: str, context: int) -> CaptionTokenizer:
    """The tokenizer that `CaptionTokenizer.to_json` wrote."""
    return CaptionTokenizer(Tokenizer.from_str(text), context)


def load_tokenizer(place: str, context: int) -> CaptionTokenizer:
    """A tokenizer from a folder, a `tokenizer.json`, a `vocab.txt`, or a repository of the hub.

    Raises:
        TokenizerError: there is none, or it cannot be read.
    """
    path = Path(place)
    try:
        if path.is_dir():
            path = next(path / name for name in (FILE, "vocab.txt") if (path / name).exists())
        elif not path.exists():
            path = _from_hub(place)
        tokenizer = (_wordpiece if path.suffix == ".txt" else _whole)(path)
    except StopIteration as error:
        raise TokenizerError(f"{place}: holds neither {FILE} nor vocab.txt") from error
    except HubError as error:
        raise TokenizerError(str(error)) from error
    except (OSError, ValueError) as error:
        raise TokenizerError(f"{path}: {error}") from error
    return CaptionTokenizer(tokenizer, context)


def _from_hub(repository: str) -> Path:
    try:
        return hub_file(repository, FILE)
    except HubError:
        return hub_file(repository, "vocab.txt")


def _whole(path: Path) -> Tokenizer:
    text = path.read_text(encoding="utf-8")
    if "model" not in json.loads(text):
        raise ValueError("no tokenizer: it has no model")
    return Tokenizer.from_str(text)


def _wordpiece(path: Path) -> Tokenizer:
    tokens = path.read_text(encoding="utf-8").splitlines()
    missing = [token for token in SPECIAL[:4] if token not in tokens]
    if missing:
        raise ValueError(f"no vocabulary of BERT: {missing[0]} is missing")
    return _bert({token: i for i, token in enumerate(tokens)})


def _bert(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([token for token in SPECIAL if token in vocabulary])
    ends = [(token, vocabulary[token]) for token in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*ends)
    return tokenizer


def learn_tokenizer(kind: str, texts: Iterable[str], vocab_size: int, context: int) -> CaptionTokenizer:
    """A vocabulary learnt from captions for a text tower, `bert` or `gpt`."""
    learn = train_tokenizer if kind == "bert" else train_byte_pairs
    return learn(texts, vocab_size, context)


def train_byte_pairs(texts: Iterable[str], vocab_size: int, context: int) -> CaptionTokenizer:
    """A vocabulary of byte pairs learnt from captions, in small letters as CLIP's: at most `vocab_size` tokens."""
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(TEXT_ENDS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    learner.train_from_iterator(map(clean, texts), trainer)
    learner.add_special_tokens(list(TEXT_ENDS))  # after the others, so that the end's id is the largest
    first, last = TEXT_ENDS
    learner.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(end, learner.token_to_id(end)) for end in TEXT_ENDS]
    )
    return CaptionTokenizer(learner, context)


def train_tokenizer(texts: Iterable[str], vocab_size: int, context: int) -> CaptionTokenizer:
    """A WordPiece vocabulary learnt from captions: about `vocab_size` tokens, and the same each time."""
    learner = Tokenizer(models.WordPiece({}, unk_token="[UNK]"))
    learner.normalizer = normalizers.BertNormalizer(lowercase=True)
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cleaned = [learner.normalizer.normalize_str(clean(text)) for text in texts]
    # The learner numbers inner letters as it meets them, in a random order, and equal counts are decided by number.
    letters = sorted({letter for text in cleaned for letter in text if not letter.isspace()})
    known = [*SPECIAL, *(f"##{letter}" for letter in letters)]
    learner.train_from_iterator(
        cleaned, trainers.WordPieceTrainer(vocab_size=vocab_size, special_tokens=known, show_progress=False)
    )
    return CaptionTokenizer(_bert(learner.get_vocab()), context)
