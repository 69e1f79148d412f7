"""Arrays, tensors and anything that becomes an array, as NumPy arrays that the core can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ACCEPTED = 'float16, float32, float64, and uint16 with dtype="bfloat16"'
CPU = 1
"""DLPack's number for memory that a CPU reads."""


def one_array(x: Any, dtype: str | None, name: str) -> tuple[NDArray[Any], bool, str | None]:
    """Return (array, whether it holds bfloat16, a sentence if a copy was made)."""
    kind = f"{type(x).__module__}.{type(x).__qualname__}".removeprefix("builtins.")
    bfloat16 = dtype == "bfloat16"
    copy = None
    if isinstance(x, np.ndarray):
        if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
            raise ValueError(
                f"{name} is a masked array with masked values; fill them, or leave those rows out with exclude="
            )
        array = np.asarray(x)
    elif kind.startswith("torch."):
        array, found, copy = _from_torch(x, name)
        if found:
            return array, True, copy
    elif hasattr(x, "toarray") or hasattr(x, "todense"):
        raise TypeError(
            f"{name} is a sparse {kind}; accepted is a dense array: pass {name}.toarray(), block by block if it is large"
        )
    elif isinstance(x, set | frozenset | dict | bytes) or x is None:
        raise TypeError(
            f"{name} is a {type(x).__name__}; accepted are arrays, frames, tensors, paths, and lists or iterators of blocks"
        )
    elif (shared := _from_dlpack(x, kind, name)) is not None:
        array = shared
    else:
        try:
            array = np.asarray(x)
        except ValueError as error:
            raise ValueError(
                f"{name} is a {type(x).__name__} that makes no matrix ({error}); accepted are rows of equal length"
            ) from None
        if array.ndim and not _is_view(array, x):
            copy = f"{name} was copied from {kind} to an array ({array.nbytes:,} bytes)"
    array, found = read_dtype(array, bfloat16, name)
    return array, found, copy


def read_dtype(array: NDArray[Any], bfloat16: bool, name: str) -> tuple[NDArray[Any], bool]:
    """Return the array as the core reads it, and whether it holds bfloat16;
    refuse every other dtype.
    """
    dtype, found = accepted_dtype(array.dtype, bfloat16, name)
    return (array.view(dtype) if dtype != array.dtype else array), found


def accepted_dtype(found: np.dtype[Any], bfloat16: bool, name: str) -> tuple[np.dtype[Any], bool]:
    """Return the dtype as the core reads it, and whether it holds bfloat16;
    refuse every other one.
    """
    if found.kind == "V" and found.itemsize == 2 and (found.name == "bfloat16" or (bfloat16 and found.names is None)):
        return np.dtype(np.uint16), True
    if bfloat16:
        if found.kind == "u" and found.itemsize == 2:
            return found, True
        raise TypeError(f'{name} has dtype {found}; with dtype="bfloat16" uint16 is accepted')
    if found.kind == "f" and found.itemsize in (2, 4, 8):
        return found, False
    hint = ""
    if found.kind in "iub":
        hint = "; if these are probabilities or logits, convert them with .astype(np.float32)"
    raise TypeError(f"{name} has dtype {found}; accepted are {ACCEPTED}{hint}")


def _from_torch(x: Any, name: str) -> tuple[NDArray[Any], bool, str | None]:
    """See a tensor's memory as an array; bfloat16, which NumPy lacks, as uint16."""
    torch = __import__("torch")
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"{name} is a {type(x).__module__}.{type(x).__qualname__}; accepted is a torch.Tensor")
    if x.layout is not torch.strided:
        raise TypeError(f"{name} is a sparse tensor; accepted is a dense one: pass {name}.to_dense()")
    tensor = x.detach()
    copy = None
    if tensor.device.type != "cpu":
        copy = f"{name} was copied from {tensor.device} to memory ({tensor.numel() * tensor.element_size():,} bytes)"
        tensor = tensor.cpu()
    if tensor.dtype is torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(np.uint16), True, copy
    return tensor.resolve_conj().resolve_neg().numpy(), False, copy


def _from_dlpack(x: Any, kind: str, name: str) -> NDArray[Any] | None:
    """See the memory of anything that speaks DLPack as an array; None for what becomes one in
    another way alone.
    """
    if not hasattr(x, "__dlpack__"):
        return None
    otherwise = hasattr(x, "__array__")
    device = int(x.__dlpack_device__()[0])
    if device != CPU:
        if otherwise:
            return None
        raise TypeError(f"{name} is a {kind} on DLPack device {device}; accepted is memory of the CPU, device {CPU}")
    try:
        return np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError) as error:
        if otherwise:
            return None
        raise TypeError(
            f"{name} is a {kind} that NumPy cannot read by DLPack ({error}); accepted are {ACCEPTED}"
        ) from None


def _is_view(array: NDArray[Any], x: Any) -> bool:
    """Whether an array made from `x` shares memory with it, as far as can be told cheaply."""
    try:
        if hasattr(x, "__array_interface__") or hasattr(x, "__dlpack__"):
            return np.may_share_memory(array, np.asarray(x[:1]))
        if hasattr(x, "iloc"):
            return np.may_share_memory(array, np.asarray(x.iloc[:, 0]))
    except Exception:  # whatever a foreign type does with one row: then it counts as a copy
        return False
    return False
