"""The named schedules of the field, each a recipe with its formula, its source and when to use it."""

from dataclasses import dataclass

from glidepath.errors import SpecError, nearest
from glidepath.schedules.schedule import Recipe
from glidepath.schedules.text import parse


@dataclass(frozen=True, slots=True)
class Family:
    """A schedule that has a name: its recipe as `text`, the formula of what is not plain, source, and use."""

    name: str
    text: str
    formula: str
    source: str
    use: str

    @property
    def recipe(self) -> Recipe:
        """The recipe itself."""
        recipe = parse(self.text)
        if not isinstance(recipe, Recipe):
            raise SpecError(f"expected a recipe for {self.name}, got a schedule")
        return recipe


FAMILIES = (
    Family("constant", "hold()", "p", "-", "a baseline, and the stable part of a longer plan"),
    Family(
        "untuned-linear",
        "untuned(beta2=0.999)",
        "p min(1, (t+1)(1-beta2)/2)",
        "Ma and Yarats 2019, 1910.04209",
        "a warmup that Adam's beta2 sets: 2/(1-beta2) updates, then constant",
    ),
    Family(
        "untuned-exponential",
        "untuned(beta2=0.999, shape=exponential)",
        "p (1 - exp(-(1-beta2)(t+1)))",
        "Ma and Yarats 2019, 1910.04209",
        "the same without a corner",
    ),
    Family(
        "radam",
        "untuned(beta2=0.999, shape=radam)",
        "p sqrt((r-4)(r-2)R / ((R-4)(R-2)r))",
        "Liu et al. 2019, 1908.03265",
        "RAdam's rectifier in front of any Adam",
    ),
    Family(
        "warmup-cosine",
        "warmup(2%) >> cosine(to=0.1)",
        "m + (p-m)(1+cos pi u)/2",
        "Loshchilov and Hutter 2016, 1608.03983; Brown et al. 2020, 2005.14165",
        "the default of pre-training with a known horizon",
    ),
    Family(
        "linear-to-zero",
        "warmup(2%) >> linear()",
        "p (1-u)",
        "Bergsma et al. 2025, 2502.15938",
        "a known horizon and a well-tuned peak",
    ),
    Family(
        "wsd",
        "warmup(2%) >> hold() >> decay(20%, shape=1-sqrt)",
        "p; p (1 - sqrt u)",
        "Hu et al. 2024, 2404.06395; Hägele et al. 2024, 2405.18392",
        "a horizon that may grow: branch the decay when it is time",
    ),
    Family(
        "wsd-linear",
        "warmup(2%) >> hold() >> linear(40%)",
        "p; p (1-u)",
        "Hägele et al. 2024, 2405.18392",
        "as wsd, with the long decay that tuned peaks like",
    ),
    Family(
        "trapezoid",
        "warmup(10%) >> hold() >> linear(10%)",
        "p; p (1-u)",
        "Xing et al. 2018, 1802.08770",
        "short trainings of image networks",
    ),
    Family(
        "wsd-s",
        "warmup(2%) >> repeat(hold() >> decay(10%, shape=exponential, to=0.1), times=3)",
        "p; p 0.1^u, then the peak again",
        "Wen et al. 2024, 2410.05192",
        "a good checkpoint at several budgets of one run",
    ),
    Family(
        "infinite",
        "warmup(1%) >> cosine(19%, to=0.3) >> hold(60%) >> decay(shape=exponential, to=0.01)",
        "cosine to 0.3 p, kept, then 0.3 p (0.033)^u",
        "Ibrahim et al. 2024, 2403.08763",
        "continual pre-training",
    ),
    Family(
        "step-30-60-90",
        "steps(30%)",
        "p 0.1^floor(t/n)",
        "He et al. 2015, 1512.03385",
        "the classic of image classification with SGD",
    ),
    Family(
        "multi-step",
        "hold(50%) >> hold(25%, at=0.1) >> hold(at=0.01)",
        "p, 0.1 p, 0.01 p",
        "He et al. 2015, 1512.03385",
        "drops at places that are known",
    ),
    Family("exponential", "decay(shape=exponential, to=0.01)", "p (m/p)^u", "-", "a steady decay by equal factors"),
    Family(
        "polynomial",
        "warmup(5%) >> decay(shape=polynomial, power=2)",
        "p (1-u)^2",
        "Chen et al. 2016, 1606.00915 (power 0.9)",
        "segmentation, and BERT with power 1",
    ),
    Family(
        "inverse-sqrt",
        "warmup(4000) >> inverse_sqrt()",
        "p sqrt(W/t)",
        "Vaswani et al. 2017, 1706.03762",
        "an unknown horizon; ends high, so decay before use",
    ),
    Family(
        "noam",
        "warmup(3999, start=0.00025) >> inverse_sqrt(timescale=4000)",
        "p min(s/W, sqrt(W/s)), s = t+1; p from noam_peak(d_model, W)",
        "Vaswani et al. 2017, 1706.03762",
        "the Transformer as published, its peak set by the width",
    ),
    Family(
        "inverse-time",
        "inverse_time(timescale=5%)",
        "p / (1 + t/s)",
        "Robbins and Monro 1951, doi 10.1214/aoms/1177729586",
        "convex problems, and averages that must converge",
    ),
    Family(
        "power-law",
        "warmup(2%) >> hold(8%) >> power_law(80%, exponent=0.51) >> decay(10%, shape=exponential, to=0.01)",
        "p (s/t)^0.51, then to zero by equal factors",
        "Shen et al. 2024, 2408.13359",
        "one peak over many horizons and batch sizes",
    ),
    Family(
        "sgdr",
        "repeat(cosine(), every=10%, growth=2)",
        "(1+cos pi u)/2 in every cycle",
        "Loshchilov and Hutter 2016, 1608.03983",
        "snapshots of one run; elsewhere one cosine is better",
    ),
    Family(
        "sgdr-warm",
        "repeat(warmup(10%) >> cosine(), times=3, factor=0.7)",
        "a warmup in every cycle, peaks falling",
        "Loshchilov and Hutter 2016, 1608.03983",
        "restarts that must not shock the run",
    ),
    Family(
        "one-cycle",
        "warmup(30%, start=0.04, shape=cosine) >> decay(shape=cosine, to=0.000004)",
        "p/25 up to p, down to p/250000",
        "Smith and Topin 2017, 1708.07120",
        "short trainings with SGD at a high peak",
    ),
    Family(
        "one-cycle-momentum",
        "remap(warmup(30%, start=0, shape=cosine) >> cosine(), low=0.95, high=0.85)",
        "0.95 down to 0.85 and back",
        "Smith and Topin 2017, 1708.07120",
        "the momentum beside one-cycle: write it as Plan(..., momentum=...)",
    ),
    Family(
        "one-cycle-3",
        "warmup(30%, start=0.04) >> linear(30%, to=0.04) >> linear(to=0.000004)",
        "up, down, out",
        "Smith and Topin 2017, 1708.07120",
        "the three phases of the paper",
    ),
    Family(
        "triangular",
        "repeat(warmup(50%, start=0.1) >> linear(to=0.1), times=4)",
        "up and down by straight lines",
        "Smith 2015, 1506.01186",
        "a peak that nobody knows",
    ),
    Family(
        "triangular-2",
        "remap(repeat(warmup(50%, start=0) >> linear(), times=4, factor=0.5), low=0.1)",
        "m + (p-m) 2^-i (1 - |2u-1|) in cycle i",
        "Smith 2015, 1506.01186",
        "a triangular schedule that settles",
    ),
    Family(
        "exp-range",
        "remap(combine(repeat(warmup(50%, start=0) >> linear(), times=4), "
        "other=steps(1%, factor=0.98, smooth=true), by=product), low=0.1)",
        "m + (p-m) g^t (1 - |2u-1|)",
        "Smith 2015, 1506.01186",
        "triangles whose height falls at every step",
    ),
    Family(
        "slanted-triangular",
        "warmup(10%, start=0.03125) >> linear(to=0.03125)",
        "p/32 up to p in a tenth, and back",
        "Howard and Ruder 2018, 1801.06146",
        "fine-tuning of language models",
    ),
    Family(
        "rex",
        "decay(shape=rex)",
        "p (1-u)/(1-u/2)",
        "Chen et al. 2021, 2107.04197",
        "small budgets: high for long, then steep",
    ),
    Family(
        "tanh",
        "decay(shape=tanh)",
        "p (1 - tanh(10 u - 7))/2, brought to its ends",
        "Hsueh et al. 2018, 1806.01593",
        "a plateau, a fall, a plateau",
    ),
    Family(
        "k-decay",
        "decay(shape=k-cosine, power=3)",
        "m + (p-m)(1+cos pi u^k)/2",
        "Zhang and Li 2020, 2004.05909",
        "a cosine that stays high for longer",
    ),
    Family(
        "points",
        "points(0: 0.1; 5%: 1.0; 50%: 0.7; 100%: 0.01)",
        "straight lines between the points",
        "-",
        "whatever somebody drew; shape=exponential for a logarithmic axis",
    ),
    Family("half-cosine", "decay(shape=half-cosine)", "p cos(pi u/2)", "-", "high for long, steep at the end"),
)


def family(name: str) -> Family:
    """The family of a name; raises SpecError with the nearest one.

    >>> family("wsd").recipe
    warmup('2%') >> hold() >> decay('20%', shape='1-sqrt')
    """
    for one in FAMILIES:
        if one.name == name:
            return one
    raise SpecError(
        f"expected the name of a schedule, got {name[:40]!r}: {nearest(name[:40], [f.name for f in FAMILIES])}"
    )
