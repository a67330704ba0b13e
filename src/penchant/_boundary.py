"""The public boundary: wrong arguments end in an error of penchant's tree, whatever they hit.

A function that is decorated runs as it is. Only where an error of Python or NumPy leaves it, or the
generator that it returns, are the arguments compared with their annotations, and the first one that
does not fit is named. An error with arguments that fit, such as one of the caller's own callback,
goes on unchanged.
"""

from __future__ import annotations

import collections.abc
import difflib
import functools
import inspect
import itertools
import math
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Integral, Real
from typing import Any, Literal, NoReturn, Self, TypeVar

from penchant.errors import ArgumentError, OutOfMemoryError, PenchantError, SettingsError

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)

_LOOKED_AT = 10_000  # entries of a container
_INT64 = 2**63
_SYNONYMS = {
    "k": {"n", "topk", "top_k", "top_n", "topn", "limit", "num_items", "n_items"},
    "factors": {"n_factors", "num_factors", "no_components", "n_components", "rank", "dim"},
    "iterations": {"n_iter", "n_iters", "num_iterations", "epochs", "n_epochs", "num_epochs"},
    "regularization": {"reg", "reg_param", "lambda_", "lambda", "l2", "l2_norm", "regparam"},
    "learning_rate": {"lr", "eta", "alpha0"},
    "neighbors": {"n_neighbors", "num_neighbors", "knn"},
    "seed": {"random_state", "random_seed", "rng"},
    "threads": {"n_jobs", "num_threads", "n_threads", "workers"},
    "exclude_seen": {
        "filter_seen", "filter_already_liked_items", "filter_viewed", "remove_seen",
        "filter_already_liked",
    },
    "allow": {"items_to_recommend", "whitelist", "candidates", "filter_query"},
    "deny": {"filter_items", "blacklist", "exclude"},
    "users": {"user", "userid", "userids", "user_id", "user_ids"},
    "items": {"item", "itemid", "itemids", "item_id", "item_ids"},
    "history": {"user_items", "profile", "likes"},
    "user": {"user_col", "user_column", "user_id", "userid", "users"},
    "item": {"item_col", "item_column", "item_id", "itemid", "items"},
    "value": {"rating", "weight", "value_col", "rating_col"},
    "timestamp": {"time", "time_col", "timestamp_col", "date"},
    "interactions": {"data", "train", "x", "ratings", "user_items", "matrix"},
    "confidence": {"weighting"},
}  # fmt: skip
"""Name of an argument → what other libraries call it, in lower case."""


def checked(function: F) -> F:
    """Decorate a public function: see this module.

    Raises
    ------
    SettingsError
        If an error leaves the function, or the generator that it returns, and an argument does not
        fit its annotation.
    ArgumentError
        If the function does not have an argument, or lacks one; it is a TypeError too.
    OutOfMemoryError
        If it ran out of memory.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            result = function(*args, **kwargs)
        except PenchantError:
            raise
        except Exception as error:
            _raise_ours(function, args, kwargs, error)
            raise
        if isinstance(result, types.GeneratorType):
            return _checked_steps(result, function, args, kwargs)
        return result

    return typing.cast("F", wrapper)


def _checked_steps(
    steps: types.GeneratorType[Any, Any, Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Iterator[Any]:
    """Yield what a generator yields; its errors are those of the function that returned it."""
    try:
        yield from steps
    except PenchantError:
        raise
    except Exception as error:
        _raise_ours(function, args, kwargs, error)
        raise


def checked_methods(cls: C) -> C:
    """Decorate a class: its constructor and public methods, as :func:`checked`."""
    for name, member in list(vars(cls).items()):
        if name.startswith("_") and name != "__init__":
            continue
        if getattr(member, "__isabstractmethod__", False):
            continue
        if isinstance(member, types.FunctionType):
            setattr(cls, name, checked(member))
        elif isinstance(member, classmethod | staticmethod):
            setattr(cls, name, type(member)(checked(member.__func__)))
    return cls


def _raise_ours(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: BaseException,
) -> None:
    """Raise the error of penchant's tree, if one of the arguments is at fault."""
    name = _name_of(function, args)
    if isinstance(error, MemoryError):
        raise OutOfMemoryError(
            f"{name} ran out of memory{f' ({error})' if str(error) else ''}: give it less data, or "
            "run it where there is more"
        ) from error
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as misfit:
        raise misfit_of(name, function, kwargs, str(misfit)) from None
    for parameter, value, hint in _arguments(function, bound):
        if not fits(value, hint):
            _refuse(name, parameter, value, hint, error)


def _name_of(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """Return a function's name for messages; a method's with the class that it was called on."""
    name = function.__qualname__
    if "." in name and args and next(iter(inspect.signature(function).parameters)) == "self":
        name = f"{type(args[0]).__name__}.{function.__name__}"
    return name.removesuffix(".__init__")


def misfit_of(
    name: str, function: Callable[..., Any], names: Iterable[str], reason: str
) -> ArgumentError:
    """Return the error about a call whose arguments are not those of a function.

    Parameters
    ----------
    name
        The name of the function for the message.
    function
        The function, or the class.
    names
        The names of the arguments that were passed by name.
    reason
        What Python says about the call.
    """
    own = [each for each in inspect.signature(function).parameters if each not in ("self", "cls")]
    unknown = next((each for each in names if each not in own), None)
    if unknown is None:
        return ArgumentError(f"{name}: {reason}; its arguments are: {', '.join(own)}")
    meant = nearest(unknown, own)
    hint = f" (did you mean {meant}=?)" if meant else ""
    return ArgumentError(
        f"{name} has no argument {unknown}={hint}; its arguments are: {', '.join(own)}"
    )


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of some names that a wrong one stands for: by spelling, or as others call it.

    Libraries of this field call the same thing by many names, such as ``N`` and ``topk`` for ``k``.
    """
    own, lower = list(names), name.lower()
    for meaning, words in _SYNONYMS.items():
        if meaning in own and lower in words:
            return meaning
    if lower in own:
        return lower
    return next(iter(difflib.get_close_matches(name, own, n=1)), None)


def _refuse(name: str, parameter: str, value: object, hint: Any, error: BaseException) -> NoReturn:
    expected = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
    raise SettingsError(
        f"{name}: {parameter} must be {expected}, got {type(value).__name__} "
        f"{_shown(value)} ({type(error).__name__}: {str(error)[:200]})"
    ) from error


def _shown(value: object) -> str:
    try:
        return repr(value)[:80]
    except Exception:  # what the caller's own class raises
        return "without a repr"


def _arguments(
    function: Callable[..., Any], bound: inspect.BoundArguments
) -> Iterator[tuple[str, object, Any]]:
    """Yield name, value and type of each argument; with * and **, of each of them."""
    parameters = bound.signature.parameters
    owner = type(bound.arguments.get("self"))
    for name, value in bound.arguments.items():
        if name in ("self", "cls"):
            continue
        hint = _resolved(parameters[name].annotation, function)
        hint = owner if hint is Self else hint
        kind = parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            yield from ((key, entry, hint) for key, entry in value.items())
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            yield from ((name, entry, hint) for entry in value)
        else:
            yield name, value, hint


def _resolved(annotation: Any, function: Callable[..., Any]) -> Any:
    """Return the type that an annotation means, Any where it is imported for type checkers only."""
    if not isinstance(annotation, str):
        return Any if annotation is inspect.Parameter.empty else annotation
    try:
        return eval(annotation, function.__globals__)  # noqa: S307 — the library's own annotation
    except Exception:  # such as a name that is imported for type checkers only
        return Any


def fits(value: object, hint: Any) -> bool:
    """Return whether a value is of a type, entries of containers included; True in doubt."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or isinstance(hint, str | TypeVar) or hint is inspect.Parameter.empty:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, member) for member in inner)
    if origin is typing.Annotated:
        return fits(value, inner[0])
    if origin is Literal:
        return isinstance(value, str | int | bool | None) and value in inner
    if origin is collections.abc.Callable or hint is Callable:
        return callable(value)
    if origin is not None:
        return _fits_container(value, origin, inner)
    return _fits_class(value, hint)


def _fits_class(value: object, hint: Any) -> bool:
    if hint is None or hint is type(None):
        return value is None
    if hint is bool:
        import numpy as np  # not at the top: `penchant --help` imports this module

        return isinstance(value, bool | np.bool_)
    if hint is int:
        is_int = isinstance(value, Integral) and not isinstance(value, bool)
        return is_int and abs(int(value)) < _INT64  # type: ignore[call-overload]
    if hint is float:
        return _is_finite(value)
    if hint is str:
        return isinstance(value, str) and value.isprintable()
    if not isinstance(hint, type):
        return True
    try:
        return isinstance(value, hint)
    except TypeError:  # a protocol that can't be checked
        return True


def _is_finite(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _fits_container(value: object, origin: Any, inner: tuple[Any, ...]) -> bool:
    """Check the kind of a container and its first entries; iterators are not consumed."""
    import numpy as np

    if not isinstance(origin, type):
        return True
    if isinstance(value, str | bytes) or hasattr(value, "tocsr"):  # SciPy's matrices are no lists
        return False
    if issubclass(origin, np.ndarray):
        return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    if isinstance(value, np.ndarray):
        is_list = value.ndim > 0 and value.dtype.isnative and value.dtype.kind in "biufUO"
        is_list = is_list and issubclass(origin, collections.abc.Iterable)
        return is_list and not issubclass(origin, Mapping | collections.abc.Set | tuple)
    if not isinstance(value, origin):
        return False
    if isinstance(value, Mapping) and len(inner) == 2:
        pairs = itertools.islice(value.items(), _LOOKED_AT)
        return all(fits(key, inner[0]) and fits(entry, inner[1]) for key, entry in pairs)
    if isinstance(value, collections.abc.Sequence | collections.abc.Set) and inner:
        if origin is tuple and inner[-1] is not Ellipsis:
            return len(value) == len(inner) and all(map(fits, value, inner))
        return all(fits(entry, inner[0]) for entry in itertools.islice(value, _LOOKED_AT))
    return True
