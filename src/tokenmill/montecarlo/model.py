"""From a user's function and the inputs' names to arguments, output names and a compiled driver."""

from __future__ import annotations

import hashlib
import inspect
import linecache
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jit.driver import Driver, Layout


class ModelError(TypeError):
    """The model cannot be compiled, or returns something that is not numbers."""


def plain_function(model: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function behind `model`, which may be a numba-compiled one."""
    function = getattr(model, "py_func", model)
    if not inspect.isfunction(function):
        raise TypeError(f"model: expected a plain Python function, found {type(model).__name__}")
    return function


def match_arguments(model: Callable[..., Any], names: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Return the model's arguments in order: input names, and defaults for those without an input.

    Returns
    -------
    arguments : list of str
        One name per positional argument.
    defaults : list
        The default of an argument that no input gives, else None.

    Raises
    ------
    TypeError
        An argument has neither an input nor a default, an input has no argument, or an argument is
        keyword-only.
    """
    function = plain_function(model)
    arguments: list[str] = []
    defaults: list[Any] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = [name for name in names if name not in arguments]
            return arguments + rest, defaults + [None] * len(rest)
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise TypeError(
                f"model: argument {parameter.name!r} of {function.__name__} is keyword-only; "
                "expected arguments that can be given by position"
            )
        arguments.append(parameter.name)
        defaults.append(None)
        if parameter.name not in names:
            if parameter.default is parameter.empty:
                raise TypeError(
                    f"inputs: {function.__name__}() needs {parameter.name!r}, which has neither an "
                    f"input nor a default; found inputs {sorted(names)}"
                )
            if isinstance(parameter.default, bool) or not isinstance(
                parameter.default, int | float
            ):
                raise TypeError(
                    f"model: the default of {parameter.name!r} must be a number to stand in for "
                    f"an input, found {parameter.default!r}"
                )
            defaults[-1] = float(parameter.default)
    extra = sorted(set(names) - set(arguments))
    if extra:
        raise TypeError(
            f"inputs: {function.__name__}() has no argument {', '.join(map(repr, extra))}; "
            f"its arguments are {', '.join(arguments)}"
        )
    return arguments, defaults


def fingerprint(model: Callable[..., Any]) -> str:
    """Return SHA-256 of the model's source text, of its byte code where there is no source."""
    function = plain_function(model)
    try:
        text = inspect.getsource(function).encode()
    except (OSError, TypeError):
        code = function.__code__
        text = code.co_code + repr((code.co_consts, code.co_names)).encode()
    return hashlib.sha256(text).hexdigest()


def _output_names(model: Callable[..., Any], return_type: Any, count: int) -> tuple[str, ...]:
    fields = getattr(return_type, "fields", None)
    if fields:
        return tuple(fields)
    name = plain_function(model).__name__
    name = name if name.isidentifier() else "output"
    return (name,) if count == 1 else tuple(f"{name}_{index}" for index in range(count))


def _own_lines(function: Callable[..., Any], message: str) -> str:
    """Pick the line of the user's function out of a numba message."""
    code = function.__code__
    lines = []
    for part in message.split('File "')[1:]:
        path, _, rest = part.partition('", line ')
        number = "".join(character for character in rest[:8] if character.isdigit())
        if number and (path == code.co_filename or code.co_filename.endswith(path)):
            source = linecache.getline(code.co_filename, int(number)).rstrip()
            lines.append(f'  File "{path}", line {number}\n  {source}')
    if not lines:
        first = code.co_firstlineno
        source = linecache.getline(code.co_filename, first).rstrip()
        lines.append(f'  File "{code.co_filename}", line {first}\n  {source}')
    return "\n".join(dict.fromkeys(lines))


def compile_model(model: Callable[..., Any], arguments: int) -> tuple[Any, Any, tuple[str, ...]]:
    """Compile `model` for float64 arguments; return it, its return type and its output names.

    Raises
    ------
    ModelError
        numba cannot compile the model (the message shows the user's own line), or it returns
        something that is neither a number nor a tuple of numbers.
    """
    from numba.core.errors import NumbaError

    from ..jit import driver

    function = plain_function(model)
    try:
        compiled, return_type = driver.compile_model(model, arguments)
    except NumbaError as error:
        text = str(error)
        reason = next((line for line in text.splitlines() if line.strip()), type(error).__name__)
        raise ModelError(
            f"model: numba cannot compile {function.__name__}()\n"
            f"{_own_lines(function, text)}\n{type(error).__name__}: {text or reason}"
        ) from None
    outputs = driver.output_types(return_type)
    if outputs is None:
        raise ModelError(
            f"model: {function.__name__}() must return a number, a tuple or a NamedTuple of "
            f"numbers, found {return_type}\n{_own_lines(function, '')}"
        )
    return compiled, return_type, _output_names(model, return_type, len(outputs))


def compile_driver(model: Callable[..., Any], layout: Layout) -> tuple[Driver, tuple[str, ...]]:
    """Compile `model` into the driver of a sweep and name its outputs; raises ModelError."""
    from ..jit.driver import build_driver

    compiled, _, names = compile_model(model, len(layout))
    return build_driver(compiled, layout), names


def check_thresholds(
    thresholds: Mapping[str, Sequence[float]] | None, outputs: Sequence[str]
) -> tuple[tuple[float, ...], ...]:
    """Return the declared thresholds of each output, ascending."""
    given = dict(thresholds or {})
    unknown = sorted(set(given) - set(outputs))
    if unknown:
        raise ValueError(
            f"thresholds: no output {', '.join(map(repr, unknown))}; outputs are {list(outputs)}"
        )
    result = []
    for output in outputs:
        values = tuple(sorted({float(value) for value in given.get(output, ())}))
        if any(value != value for value in values):
            raise ValueError(f"thresholds: {output!r} holds NaN; expected numbers")
        result.append(values)
    return tuple(result)
