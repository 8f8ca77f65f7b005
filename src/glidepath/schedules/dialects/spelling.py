"""How people spell names: "OLMo-core", "olmo_core" and "olmo core" are one library.

A schedule goes by its class, with its modules before it or without, by a member of an enumeration, in small letters,
without an ending that says that it is a schedule.
"""

from collections.abc import Iterable, Mapping

from glidepath.errors import SpecError, nearest, shown

LONGEST = 40  # signs of a library's name
LONGEST_PATH = 200  # signs of a schedule's name with its modules
# Other names of the same, in small letters without punctuation.
ALIASES = {
    "pytorch": "torch",
    "hf": "transformers",
    "huggingface": "transformers",
    "lightning": "torch",  # it steps the schedulers of torch
    "megatroncore": "megatron",
    "megatronlm": "megatron",
    "mosaicml": "composer",
    "neox": "gptneox",
    "pytorchignite": "ignite",
    "pytorchlightning": "torch",
    "pytorchimagemodels": "timm",
}
# Functions and configurations that mean a schedule of another name, in small letters without punctuation. No two
# libraries give one of them different meanings.
CALLED = {
    "getconstantschedule": "constant",
    "getconstantschedulewithwarmup": "constant_with_warmup",
    "getlinearschedulewithwarmup": "linear",
    "getcosineschedulewithwarmup": "cosine",
    "getcosinewithhardrestartsschedulewithwarmup": "cosine_with_restarts",
    "getpolynomialdecayschedulewithwarmup": "polynomial",
    "getinversesqrtschedule": "inverse_sqrt",
    "getcosinewithminlrschedulewithwarmup": "cosine_with_min_lr",
    "getcosinewithminlrschedulewithwarmuplrrate": "cosine_warmup_with_min_lr",
    "getwsdschedule": "warmup_stable_decay",
    "cosinewithwarmup": "CosineAnnealingWithWarmupScheduler",
    "lineardecaywithwarmup": "LinearWithWarmupScheduler",
    "config": "LRSchedulersContainer",
    "buildlrschedulers": "LRSchedulersContainer",
    "lrschedulerargs": "lr_scheduler_builder",
}
ENDINGS = ("lrscheduler", "lrschedule", "scheduler", "schedule")  # the longest first


def library_of(name: object, known: Iterable[str]) -> str:
    """The library that a name means; raises SpecError with the nearest one where it is not known."""
    plain = _plain(name[:LONGEST]) if isinstance(name, str) else ""
    for library in known:
        if _plain(library) == ALIASES.get(plain, plain):
            return library
    raise SpecError(f"expected a library that is read, got {shown(name)}: {nearest(shown(name), known)}")


def spelled(name: object, known: Mapping[str, object], *, others: Iterable[str] = ()) -> str | None:
    """The one of the `known` names that a name means, None for none or for several that differ.

    `others` are libraries whose modules the name may not come from.
    """
    if not isinstance(name, str) or len(name) > LONGEST_PATH or name in known:
        return name if isinstance(name, str) and name in known else None
    *modules, last = name.split(".")
    if modules and ALIASES.get(_plain(modules[0]), _plain(modules[0])) in map(_plain, others):
        return None
    plain = _plain(last)
    for form in (_plain, _stem):
        meant = [one for one in known if form(one) == plain]
        if plain and meant and all(known[one] is known[meant[0]] for one in meant):
            return meant[0]
    return CALLED[plain] if CALLED.get(plain) in known else None


def _stem(name: str) -> str:
    plain = _plain(name)
    return next((plain.removesuffix(end) for end in ENDINGS if plain.endswith(end) and plain != end), plain)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
