"""Optional libraries: the import, or one sentence that names what to install."""

from importlib import import_module
from types import ModuleType

from glidepath.errors import MissingExtra

# library -> the extra of this package that brings it
EXTRAS = {
    **{name: name for name in ("torch", "jax", "keras", "transformers", "lightning")},
    "matplotlib": "plots",
    "plotly": "plots",
    "polars": "logs",
    "sklearn": "bench",
}


def require(library: str) -> ModuleType:
    """The imported `library` (dotted names allowed), or MissingExtra with the command that installs it.

    >>> require("json").__name__
    'json'
    """
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        root = library.partition(".")[0]
        if error.name != root:
            raise  # the library is there and broken: its own complaint says more
        extra = EXTRAS.get(root)
        target = f"'glidepath[{extra}]'" if extra else root
        raise MissingExtra(f"this needs {root}, which is not installed: pip install {target}") from error
