"""The encoder as a PyTorch network: built from a base model, trained on a processor, written as ONNX.

Needs the packages of the extra ``train``; nothing of it is needed to judge.
"""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import nn
from transformers import AutoModel

from classify.encoder.inputs import Pieces
from classify.heads import HEADS
from classify.training.batching import Places, batches

Scores = NDArray[np.float32]
_AVERAGED_EVERY = 10  # steps


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fine-tune. ``rate`` is the learning rate of the top layer; each layer below has ``decay`` times that above it.

    Beside coming close to what is wanted, ``match`` is what coming close to a teacher's vectors counts, ``contrast`` what
    setting twins apart does. ``averaged`` is how far the running mean of the weights goes towards them, every tenth step.
    """

    epochs: int = 4
    rate: float = 2e-4
    head_rate: float = 3e-4
    decay: float = 0.9
    layers: int = 12
    dropout: float = 0.1
    warm_up: float = 0.06
    batch_pieces: int = 1600
    longest: int = 160
    probe: float = 0.003
    match: float = 1.0
    contrast: float = 0.5
    averaged: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What to learn from: ``texts``; (texts, heads) what is ``wanted``, 0 to 1 or NaN; (texts,) ``weights``.

    ``twin`` (texts,) is the place of the text in contrast to which each was written, or -1.
    ``vectors`` (texts, width) are what a teacher's `Network.scaled` says of them, to come close to.
    """

    texts: Sequence[Pieces]
    wanted: Scores
    weights: Scores
    twin: Places
    vectors: Scores | None = None


class Network(nn.Module):
    """A transformer whose pieces each give a score per head; a text's score is their mean and a bias."""

    def __init__(self, body: nn.Module, recipe: Recipe) -> None:
        super().__init__()
        self.body = body
        self.dropout = body.embeddings.dropout = _Dropout(recipe.dropout)
        for layer in body.encoder.layer:
            layer.attention.output.dropout = layer.output.dropout = self.dropout
            layer.attention.self.dropout.p = 0.0  # of what each piece looks at; PyTorch's own, and slow
        self.heads = nn.Linear(body.config.hidden_size, len(HEADS))
        self.register_buffer("middle", torch.zeros(body.config.hidden_size))
        self.register_buffer("spread", torch.ones(body.config.hidden_size))

    @classmethod
    def over(cls, base: str, recipe: Recipe, kept: Sequence[int]) -> "Network":
        """A network with heads that know nothing over the base model, of whose pieces only ``kept`` stay."""
        # Plain attention: on a processor the fused one takes a third more time, all of it on the way back.
        body = AutoModel.from_pretrained(base, add_pooling_layer=False, attn_implementation="eager").float()
        rows = body.embeddings.word_embeddings.weight.data[list(kept)].clone()
        body.resize_token_embeddings(len(kept))
        body.embeddings.word_embeddings.weight.data = rows
        body.encoder.layer = nn.ModuleList(_spread_over(list(body.encoder.layer), recipe.layers))
        body.config.num_hidden_layers = recipe.layers
        return cls(body, recipe)

    def pooled(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(texts, width) from (texts, pieces): the mean over the pieces of each text."""
        pieces = self.body(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        there = mask.unsqueeze(-1).float()
        return (pieces * there).sum(1) / there.sum(1)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(texts, heads) from (texts, pieces): the raw scores."""
        return self.heads(self.dropout(self.scaled(ids, mask)))

    def scaled(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(texts, width) from (texts, pieces): the mean over the pieces, as the heads read it."""
        return (self.pooled(ids, mask) - self.middle) / self.spread

    @property
    def layers(self) -> int:
        """How many there are: as many as the recipe says, or as a network had that was opened anew."""
        return len(self.body.encoder.layer)

    def thinned(self, layers: int) -> "Network":
        """A copy with so many of the layers, evenly chosen, the last among them."""
        small = copy.deepcopy(self)
        small.body.encoder.layer = nn.ModuleList(_spread_over(list(small.body.encoder.layer), layers))
        small.body.config.num_hidden_layers = layers
        return small

    def centre(self, vectors: Scores) -> None:
        """Let the heads read vectors around the mean of what `read` gave, (texts, width), as spread; they say the same."""
        weight, bias = (part.detach().clone() for part in self.folded())
        self.middle.add_(torch.from_numpy(vectors.mean(axis=0)) * self.spread)
        self.spread.mul_(torch.from_numpy(vectors.std(axis=0) + 1e-4))
        self.heads.weight.data = weight * self.spread
        self.heads.bias.data = bias + weight @ self.middle

    def mix(self, other: "Network", share: float) -> None:
        """Let the weights be ``share`` of those of ``other``, a network of the same form, and the rest of what they are."""
        parts = [(1 - share) * mine + share * its for mine, its in zip(self.folded(), other.folded(), strict=True)]
        with torch.no_grad():
            for mine, its in zip(self.body.parameters(), other.body.parameters(), strict=True):
                mine.lerp_(its, share)
            self.heads.weight.copy_(parts[0] * self.spread)
            self.heads.bias.copy_(parts[1] + parts[0] @ self.middle)

    def folded(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(heads, width) and (heads,): weights and bias of the heads on the pooled vector as it is."""
        weight = self.heads.weight / self.spread
        return weight, self.heads.bias - weight @ self.middle


class _Dropout(nn.Module):
    """As PyTorch's, which is slow on a processor since it draws a number for each place: here each byte of one decides, so that
    the share is a multiple of 1/256 (docs/training.md says what that saves)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = round(share * 256)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        if not self.training or not self._share:
            return hidden
        drawn = torch.empty(-(-hidden.numel() // 8), dtype=torch.int64).random_(-(2**63), None).view(torch.uint8)
        kept = drawn[: hidden.numel()].view(hidden.shape) >= self._share
        return hidden * kept * (256 / (256 - self._share))


def _spread_over(layers: list[nn.Module], many: int) -> list[nn.Module]:
    return [layers[round((place + 1) * len(layers) / many) - 1] for place in range(many)]


class _ByPiece(nn.Module):
    """What is written as ONNX: one text in, the scores of its pieces out, without the bias."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.body = copy.deepcopy(network.body)
        for layer in self.body.encoder.layer:
            layer.attention.self = _Attention(layer.attention.self)
        self.heads = nn.Linear(network.heads.in_features, network.heads.out_features, bias=False)
        self.heads.weight = nn.Parameter(network.folded()[0].detach())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.heads(self.body(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state)


class _Attention(nn.Module):
    """A layer's attention as one node of ONNX Runtime's: a third faster than the eight nodes that the exporter makes of it."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self.query, self.key, self.value = whole.query, whole.key, whole.value
        self.heads = whole.num_attention_heads

    def forward(self, hidden: torch.Tensor, *args: object, **kwargs: object) -> tuple[torch.Tensor, None]:
        """Every piece sees every other: what is written reads one text at a time, without a mask."""
        parts = (self.query(hidden), self.key(hidden), self.value(hidden))
        found: torch.Tensor = torch.onnx.ops.symbolic(
            "com.microsoft::MultiHeadAttention",
            parts,
            {"num_heads": self.heads},
            dtype=hidden.dtype,
            shape=hidden.shape,
            version=1,
        )
        return found, None


def fit(
    network: Network,
    *,
    mean: Network,
    lessons: Callable[[int], Lesson],
    recipe: Recipe,
    after: Callable[[int], bool],
    tell: Callable[[int, int], None],
) -> None:
    """Fine-tune ``network``.

    Args:
        mean: a copy of it, which becomes the running mean of its weights: less swayed by what was learnt last, and better on
            ``dev`` from the first epoch on (Polyak & Juditsky 1992; Izmailov et al., UAI 2018, arXiv 1803.05407).
        lessons: what to learn from in the epoch of that number.
        after: called when an epoch is done; True ends the training.
        tell: called with steps done and steps in all.
    """
    torch.manual_seed(recipe.seed)
    shuffle = random.Random(recipe.seed)
    for parameter in network.body.embeddings.parameters():
        parameter.requires_grad = False
    groups = [{"params": list(network.heads.parameters()), "lr": recipe.head_rate, "full": recipe.head_rate}]
    for place, layer in enumerate(network.body.encoder.layer):
        rate = recipe.rate * recipe.decay ** (network.layers - 1 - place)
        groups.append({"params": list(layer.parameters()), "lr": rate, "full": rate})
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    total, done = len(list(_batches(lessons(0), recipe, shuffle))) * recipe.epochs, 0
    for epoch in range(recipe.epochs):
        lesson = lessons(epoch)
        network.train()
        for batch in _batches(lesson, recipe, shuffle):
            pace = min(1.0, (done + 1) / (recipe.warm_up * total)) * max(0.02, 1 - done / total)
            for group in optimiser.param_groups:
                group["lr"] = group["full"] * pace
            _step(network, lesson, batch, recipe)
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            done += 1
            if done % _AVERAGED_EVERY == 0:
                mean.mix(network, recipe.averaged)
            tell(done, total)
        if after(epoch):
            return


def _in_short() -> torch.autocast:
    """Products in bfloat16 where the processor has it; where it has not they would take 25 times as long as in float32."""
    able = torch.cpu.get_capabilities()
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bool(able.get("avx512_bf16") or able.get("amx_bf16")))


def _step(network: Network, lesson: Lesson, batch: Sequence[int], recipe: Recipe) -> None:
    want = torch.from_numpy(lesson.wanted[batch])
    counts = (~torch.isnan(want)).float() * torch.from_numpy(lesson.weights[batch])[:, None]
    with _in_short():
        scaled = network.scaled(*padded([lesson.texts[place] for place in batch], recipe.longest))
        said = network.heads(network.dropout(scaled)).float()
    losses = nn.functional.binary_cross_entropy_with_logits(said, torch.nan_to_num(want), reduction="none")
    loss = ((losses * counts).sum() + recipe.contrast * _apart(said, want, lesson.twin[batch], batch)) / len(batch)
    if lesson.vectors is not None:
        loss = loss + recipe.match * nn.functional.mse_loss(scaled.float(), torch.from_numpy(lesson.vectors[batch]))
    loss.backward()


def _apart(said: torch.Tensor, want: torch.Tensor, twin: Places, batch: Sequence[int]) -> torch.Tensor:
    """How far twins are from being the right way round where one has a label and the other has not, summed over the batch.

    The loss of RankNet (Burges et al., ICML 2005): logistic, of the difference between the two scores.
    """
    rows = {place: row for row, place in enumerate(batch)}
    pairs = [(row, rows[other]) for row, other in enumerate(twin.tolist()) if other >= 0]
    first, second = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
    side = torch.nan_to_num(want[first] - want[second])
    return (nn.functional.softplus(-side.sign() * (said[first] - said[second])) * side.abs()).sum()


def _batches(lesson: Lesson, recipe: Recipe, shuffle: random.Random) -> Iterator[list[int]]:
    lengths = [len(text.ids) for text in lesson.texts]
    return batches(lengths, lesson.twin, pieces=recipe.batch_pieces, longest=recipe.longest, shuffle=shuffle)


def padded(texts: Sequence[Pieces], longest: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(texts, pieces) twice: the pieces, and 1 where there is one."""
    width = min(longest, max(len(text.ids) for text in texts))
    ids = torch.ones((len(texts), width), dtype=torch.long)
    mask = torch.zeros((len(texts), width), dtype=torch.long)
    for row, text in enumerate(texts):
        part = text.ids[:width]
        ids[row, : len(part)] = torch.from_numpy(part)
        mask[row, : len(part)] = 1
    return ids, mask


def probe(network: Network, lesson: Lesson, recipe: Recipe) -> None:
    """Set the heads to logistic regressions on what the base says of the texts: from there fine-tuning starts (LP-FT).

    Heads that begin at random spoil what the base knows before they know anything: Kumar et al., ICLR 2022, arXiv 2202.10054.
    """
    vectors = read(network, lesson.texts, recipe)
    network.centre(vectors)
    scaled = (vectors - vectors.mean(axis=0)) / (vectors.std(axis=0) + 1e-4)
    for head in range(len(HEADS)):
        judged = ~np.isnan(lesson.wanted[:, head])
        found = LogisticRegression(C=recipe.probe, max_iter=300).fit(
            scaled[judged], lesson.wanted[judged, head] == 1, sample_weight=lesson.weights[judged]
        )
        network.heads.weight.data[head] = torch.from_numpy(found.coef_[0].astype(np.float32))
        network.heads.bias.data[head] = float(found.intercept_[0])


def read(network: Network, texts: Sequence[Pieces], recipe: Recipe) -> Scores:
    """(texts, width): what `Network.scaled` says of them."""
    found = np.zeros((len(texts), network.heads.in_features), dtype=np.float32)
    lengths, alone = [len(text.ids) for text in texts], np.full(len(texts), -1)
    network.eval()
    with torch.no_grad(), _in_short():
        for batch in batches(lengths, alone, pieces=recipe.batch_pieces, longest=recipe.longest):
            found[batch] = network.scaled(*padded([texts[place] for place in batch], recipe.longest)).float().numpy()
    return found


def scores(network: Network, vectors: Scores) -> Scores:
    """(texts, heads): the raw scores of what `read` gave."""
    with torch.no_grad():
        found: Scores = network.heads(torch.from_numpy(vectors)).numpy()
    return found


def write(network: Network, path: Path) -> tuple[float, ...]:
    """Write the network as ONNX in float32 and return its bias."""
    part = _ByPiece(network).eval()
    example = torch.tensor([[0, 4, 5, 6, 2]])
    torch.onnx.export(
        part,
        (example,),
        str(path),
        input_names=["ids"],
        output_names=["scores"],
        dynamic_shapes={"ids": {1: torch.export.Dim("pieces", min=2, max=512)}},
        opset_version=20,
        dynamo=True,
        external_data=False,
    )
    return tuple(network.folded()[1].detach().numpy().astype(float).tolist())
