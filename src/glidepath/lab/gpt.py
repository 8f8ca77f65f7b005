"""A small character GPT (Radford et al. 2019): real enough to show what a schedule does, small enough for a CPU."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a model; `width` is a multiple of `heads`."""

    layers: int = 2
    width: int = 64
    heads: int = 4
    context: int = 64


class Block(nn.Module):
    """Attention and a two-layer network, each normalised before and added to its input."""

    def __init__(self, size: Size) -> None:
        """Weights as torch draws them; the model draws them anew."""
        super().__init__()
        self.heads = size.heads
        self.norm_attention, self.norm_network = nn.LayerNorm(size.width), nn.LayerNorm(size.width)
        self.queries_keys_values = nn.Linear(size.width, 3 * size.width, bias=False)
        self.out = nn.Linear(size.width, size.width, bias=False)
        # Four times the width inside, as in every GPT.
        self.network = nn.Sequential(
            nn.Linear(size.width, 4 * size.width), nn.GELU(), nn.Linear(4 * size.width, size.width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, length, width) -> the same shape."""
        x = x + self.attention(self.norm_attention(x))
        return x + self.network(self.norm_network(x))  # type: ignore[no-any-return]

    def attention(self, x: Tensor) -> Tensor:
        """Causal attention over the length."""
        batch, length, width = x.shape
        split = self.queries_keys_values(x).view(batch, length, 3, self.heads, width // self.heads)
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        return self.out(seen.transpose(1, 2).reshape(batch, length, width))  # type: ignore[no-any-return]


class CharacterGPT(nn.Module):
    """Predicts the next character; the same seed gives the same weights on every machine."""

    def __init__(self, letters: int, size: Size, *, seed: int) -> None:
        """Scores over `letters` characters."""
        super().__init__()
        self.letter, self.place = nn.Embedding(letters, size.width), nn.Embedding(size.context, size.width)
        self.blocks = nn.Sequential(*(Block(size) for _ in range(size.layers)))
        self.norm, self.head = nn.LayerNorm(size.width), nn.Linear(size.width, letters, bias=False)
        draw = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02, generator=draw)  # GPT-2's
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, length) letters -> (batch, length, letters) scores."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.head(self.norm(self.blocks(self.letter(tokens) + self.place(places))))  # type: ignore[no-any-return]

    def loss(self, window: Tensor) -> Tensor:
        """(batch, length + 1) letters -> the mean nats per character of predicting each from those before it."""
        scores = self(window[:, :-1])
        return functional.cross_entropy(scores.flatten(0, 1), window[:, 1:].flatten())
