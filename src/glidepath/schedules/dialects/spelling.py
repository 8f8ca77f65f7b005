"""How people spell the names of libraries: "OLMo-core", "olmo_core" and "olmo core" are one."""

from collections.abc import Iterable

from glidepath.errors import SpecError, nearest, shown

LONGEST = 40  # signs of a library's name
# Other names of the same, in small letters without punctuation.
ALIASES = {
    "pytorch": "torch",
    "hf": "transformers",
    "huggingface": "transformers",
    "megatroncore": "megatron",
    "megatronlm": "megatron",
    "mosaicml": "composer",
    "neox": "gptneox",
    "pytorchignite": "ignite",
    "pytorchimagemodels": "timm",
}


def library_of(name: object, known: Iterable[str]) -> str:
    """The library that a name means; raises SpecError with the nearest one where it is not known."""
    plain = _plain(name[:LONGEST]) if isinstance(name, str) else ""
    for library in known:
        if _plain(library) == ALIASES.get(plain, plain):
            return library
    raise SpecError(f"expected a library that is read, got {shown(name)}: {nearest(shown(name), known)}")


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
