"""The rules by which a learning rate goes with the batch size, each with its evidence and where it holds.

A rule gives a factor: the new learning rate is the old one times `rule(before, after)`, of global batch sizes in
samples (or tokens, where both are).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from glidepath.batch.checked import positive, real
from glidepath.errors import BatchError, nearest, shown

# before, after, noise scale, alpha -> factor
Formula = Callable[[float, float, float, float], float]
LEAST_ALPHA = 0.5  # of the noise-scale rule, for Adam and RMSprop; 1 is SGD's (McCandlish et al. 2018)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its formula in words, what speaks for it, and where it holds; called, it is the factor."""

    name: str
    formula: str
    evidence: str
    holds: str
    source: str
    needs_noise: bool
    of: Formula

    def __call__(
        self, before: float, after: float, *, noise_scale: float | None = None, alpha: float | None = None
    ) -> float:
        """What the learning rate is multiplied by between two global batch sizes (above 0, in one unit).

        `noise_scale` (above 0, in that unit) is for the rules that need one; `alpha` (0.5 to 1) for "noise-scale":
        1 unless told. Raises BatchError where one is missing, or given to a rule that does not use it.

        >>> RULES["square-root"](256, 1_024), RULES["surge"](256, 1_024, noise_scale=512)
        (2.0, 1.0)
        """
        sizes = positive(before, "the batch size before"), positive(after, "the batch size after")
        if self.needs_noise == (noise_scale is None):
            raise BatchError(
                f"expected a noise scale for the rule {self.name!r}, got none: measure it, and write noise_scale=2000"
                if self.needs_noise
                else f"expected no noise scale for the rule {self.name!r}, got {shown(noise_scale)}: "
                'write rule="noise-scale"'
            )
        if alpha is not None and self.name != "noise-scale":
            raise BatchError(f"expected alpha only for the rule 'noise-scale', got {shown(alpha)} for {self.name!r}")
        noise = 1.0 if noise_scale is None else positive(noise_scale, "the noise scale")
        power = 1.0 if alpha is None else real(alpha, "alpha", above=LEAST_ALPHA, below=1.0)
        try:
            return positive(self.of(*sizes, noise, power), f"the factor of the rule {self.name!r}")
        except (OverflowError, ZeroDivisionError):
            raise BatchError(f"expected batch sizes of one training, got {sizes[0]:g} and {sizes[1]:g}") from None


def _noise_scale(before: float, after: float, noise: float, alpha: float) -> float:
    return float(((1 + noise / before) / (1 + noise / after)) ** alpha)


def _surge(before: float, after: float, noise: float, _: float) -> float:
    def height(size: float) -> float:
        return 2 / (sqrt(noise / size) + sqrt(size / noise))

    return height(after) / height(before)


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "linear",
            "lr * B'/B",
            "ResNet-50 on ImageNet with SGD and momentum: 256 to 8192 images at the same accuracy; on a small network "
            "here the best rate rose by the powers 0.79 to 0.99 of the batch size",
            "SGD, well below the noise scale, up by at most about 32 from what was tuned; it needs a longer warmup "
            "(5 epochs there, from the old rate), and breaks down early in training and above some batch size, beyond "
            "8192 images there",
            "Goyal et al. 2017, arXiv 1706.02677",
            needs_noise=False,
            of=lambda before, after, *_: after / before,
        ),
        Rule(
            "square-root",
            "lr * sqrt(B'/B), with 1 - beta times B'/B and eps over sqrt(B'/B)",
            "RMSprop and Adam on vision and language models; on a small network here the best rate of Adam "
            "rose by the powers 0.43 to 0.48 of the batch size",
            "Adam and its kin where the noise of a gradient is larger than the gradient, so below the noise scale, and "
            "while (1 - beta) * B'/B is below 1",
            "Malladi et al. 2022, arXiv 2205.10287",
            needs_noise=False,
            of=lambda before, after, *_: sqrt(after / before),
        ),
        Rule(
            "noise-scale",
            "lr = lr_max / (1 + B_noise/B)^alpha",
            "SGD with alpha 1, from a quadratic model of the loss; Adam and RMSprop between 0.5 and 1.0 by the task",
            "any batch size, with the noise scale of that moment of the training: it grows as the loss falls. Well "
            "below it the rule is linear with alpha 1 and the square root with alpha 0.5; above it the rate stays",
            "McCandlish et al. 2018, arXiv 1812.06162",
            needs_noise=True,
            of=_noise_scale,
        ),
        Rule(
            "surge",
            "lr = 2 lr_max / (sqrt(B_noise/B) + sqrt(B/B_noise))",
            "updates by the sign of the gradient: theory, with experiments on vision and language; not seen on a small "
            "network here up to 1024 samples, where few steps were left",
            "Adam with small betas, Lion, signSGD; the rate rises as the square root below the noise scale, is "
            "highest at it, and falls above",
            "Li et al. 2024, arXiv 2405.14578",
            needs_noise=True,
            of=_surge,
        ),
    )
}
# optimizer -> its family, by how an update depends on the size of the gradient
SGD, ADAM = "sgd", "adam"
FAMILIES = {
    "sgd": SGD,
    "momentum": SGD,
    "nesterov": SGD,
    "adam": ADAM,
    "adamw": ADAM,
    "nadam": ADAM,
    "radam": ADAM,
    "adamax": ADAM,
    "amsgrad": ADAM,
    "rmsprop": ADAM,
    "lamb": ADAM,
    "lion": ADAM,
}
RULE_OF = {SGD: "linear", ADAM: "square-root"}


def family_of(optimizer: str) -> str:
    """The family of an optimizer by its name, "sgd" or "adam"; raises BatchError for one that is not known.

    >>> family_of("AdamW")
    'adam'
    """
    name = optimizer.lower() if isinstance(optimizer, str) else ""
    if name not in FAMILIES:
        raise BatchError(
            f"expected an optimizer whose family is known, got {shown(optimizer)}: {nearest(name, FAMILIES)}"
        )
    return FAMILIES[name]


def rule_of(name: str | None = None, *, optimizer: str = "adamw") -> Rule:
    """The rule of a name, or without one that of the optimizer's family: linear for SGD, square root for Adam.

    >>> rule_of(optimizer="sgd").name, rule_of("surge").source
    ('linear', 'Li et al. 2024, arXiv 2405.14578')
    """
    found = RULE_OF[family_of(optimizer)] if name is None else name
    if not isinstance(found, str) or found not in RULES:
        raise BatchError(f"expected a rule of batch size, got {shown(name)}: {nearest(shown(name), RULES)}")
    return RULES[found]


def lr_factor(
    before: float,
    after: float,
    *,
    optimizer: str = "adamw",
    rule: str | None = None,
    noise_scale: float | None = None,
    alpha: float | None = None,
) -> float:
    """What a learning rate is multiplied by when the global batch goes from `before` to `after` (above 0, one unit).

    By the rule named, or by that of the optimizer's family. `noise_scale` and `alpha` are as the rule takes them;
    sources and ranges are in `RULES`. Raises BatchError for an unknown name or a number out of range.

    >>> lr_factor(256, 1_024), lr_factor(256, 1_024, optimizer="sgd")
    (2.0, 4.0)
    >>> round(lr_factor(256, 1_024, rule="noise-scale", noise_scale=1_024), 3)
    2.5
    """
    return rule_of(rule, optimizer=optimizer)(before, after, noise_scale=noise_scale, alpha=alpha)
