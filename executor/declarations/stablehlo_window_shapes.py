"""Shapes of StableHLO's products, windows, gathers and scatters, and transforms: see `stablehlo_shapes`."""

from __future__ import annotations

from collections.abc import Sequence

from tfrt.executor.declarations.stablehlo_shapes import (
    Dim,
    Dims,
    Shape,
    compatible,
    fits,
    require,
    require_axes,
    require_count,
    require_same,
    require_sorted,
    require_unique,
    spelled,
)

Padding = Sequence[tuple[int, int]]


def dot_general(
    lhs: Shape,
    rhs: Shape,
    *,
    lhs_batching_dimensions: Dims = (),
    rhs_batching_dimensions: Dims = (),
    lhs_contracting_dimensions: Dims = (),
    rhs_contracting_dimensions: Dims = (),
) -> Shape:
    """The shape of `dot_general`: batches, then what is left of `lhs`, then of `rhs`."""
    batch = lhs_batching_dimensions, rhs_batching_dimensions
    summed = lhs_contracting_dimensions, rhs_contracting_dimensions
    require_count(len(batch[0]), len(batch[1]), "C1", "lhs_batching_dimensions", "rhs_batching_dimensions")
    require_count(len(summed[0]), len(summed[1]), "C2", "lhs_contracting_dimensions", "rhs_contracting_dimensions")
    for side, shape, first in ((0, lhs, 3), (1, rhs, 4)):
        name = ("lhs", "rhs")[side]
        used = (*batch[side], *summed[side])
        require_unique(used, f"C{first}", f"batching and contracting dimensions of {name}")
        require_axes(batch[side], len(shape), f"C{5 + 2 * side}", f"{name}_batching_dimensions")
        require_axes(summed[side], len(shape), f"C{6 + 2 * side}", f"{name}_contracting_dimensions")
    for constraint, what, (left, right) in (("C9", "batching", batch), ("C10", "contracting", summed)):
        sizes = tuple(lhs[axis] for axis in left), tuple(rhs[axis] for axis in right)
        require(
            compatible(*sizes),
            constraint,
            f"expects {what} dimensions of equal sizes, but got {spelled(sizes[0])} and {spelled(sizes[1])}",
        )
    free_left = (size for i, size in enumerate(lhs) if i not in batch[0] and i not in summed[0])
    free_right = (size for i, size in enumerate(rhs) if i not in batch[1] and i not in summed[1])
    batches = (a if a is not None else b for a, b in ((lhs[i], rhs[j]) for i, j in zip(*batch, strict=True)))
    return (*batches, *free_left, *free_right)


def window_count(
    size: Dim, window: Dim, stride: int, padding: tuple[int, int], dilation: int, window_dilation: int
) -> Dim:
    """How many windows there are in one dimension."""
    if size is None or window is None:
        return None
    padded = padding[0] + ((size - 1) * dilation + 1 if size else 0) + padding[1]
    extent = (window - 1) * window_dilation + 1 if window else 0
    return 0 if padded <= 0 or extent > padded else (padded - extent) // stride + 1


def reduce_window(
    inputs: Sequence[Shape],
    init_value_count: int,
    *,
    window_dimensions: Dims,
    window_strides: Dims,
    base_dilations: Dims,
    window_dilations: Dims,
    padding: Padding,
) -> Shape:
    """The shape of each result of `reduce_window`."""
    require(
        bool(inputs) and len(inputs) == init_value_count,
        "C1",
        f"expects as many init_values as inputs, at least one, but got {len(inputs)} inputs and {init_value_count}",
    )
    shape = require_same(inputs, "C2", "inputs")
    for constraint, name, values in (
        (4, "window_dimensions", window_dimensions),
        (6, "window_strides", window_strides),
        (8, "base_dilations", base_dilations),
        (10, "window_dilations", window_dilations),
    ):
        require_count(len(values), len(shape), f"C{constraint}", name, "dimensions of the inputs")
        for value in values:
            require(value > 0, f"C{constraint + 1}", f"expects {name} of at least 1, but got {value}")
    require_count(len(padding), len(shape), "C12", "pairs in padding", "dimensions of the inputs")
    return tuple(
        window_count(*each)
        for each in zip(
            shape, window_dimensions, window_strides, padding, base_dilations, window_dilations, strict=True
        )
    )


def select_and_scatter(
    operand: Shape, source: Shape, *, window_dimensions: Dims, window_strides: Dims, padding: Padding
) -> Shape:
    """The shape of `select_and_scatter`."""
    for constraint, name, values in (
        (4, "window_dimensions", window_dimensions),
        (6, "window_strides", window_strides),
    ):
        require_count(len(values), len(operand), f"C{constraint}", name, "dimensions of the operand")
        for value in values:
            require(value > 0, f"C{constraint + 1}", f"expects {name} of at least 1, but got {value}")
    require_count(len(padding), len(operand), "C8", "pairs in padding", "dimensions of the operand")
    windows = tuple(
        window_count(size, window, stride, pair, 1, 1)
        for size, window, stride, pair in zip(operand, window_dimensions, window_strides, padding, strict=True)
    )
    require(
        compatible(source, windows),
        "C2",
        f"expects a source of shape {spelled(windows)}, one value for each window, but got {spelled(source)}",
    )
    return operand


def convolution(
    lhs: Shape,
    rhs: Shape,
    *,
    input_batch_dimension: int,
    input_feature_dimension: int,
    input_spatial_dimensions: Dims,
    kernel_input_feature_dimension: int,
    kernel_output_feature_dimension: int,
    kernel_spatial_dimensions: Dims,
    output_batch_dimension: int,
    output_feature_dimension: int,
    output_spatial_dimensions: Dims,
    window_strides: Dims,
    padding: Padding | None,
    lhs_dilation: Dims,
    rhs_dilation: Dims,
    window_reversal: Sequence[bool],
    feature_group_count: int = 1,
    batch_group_count: int = 1,
) -> Shape:
    """The shape of `convolution`; without `padding`, which is known when the program runs, as far as that goes."""
    rank = len(lhs)
    require(len(rhs) == rank >= 2, "C1", f"expects operands of one rank, 2 or more, but got {rank} and {len(rhs)}")
    spatial = rank - 2
    for constraint, name, values in (
        ("C2", "window_strides", window_strides),
        ("C5", "lhs_dilation", lhs_dilation),
        ("C7", "rhs_dilation", rhs_dilation),
    ):
        require_count(len(values), spatial, constraint, name, "spatial dimensions")
        for value in values:
            require(value > 0, f"C{int(constraint[1:]) + 1}", f"expects {name} of at least 1, but got {value}")
    if padding is not None:
        require_count(len(padding), spatial, "C4", "pairs in padding", "spatial dimensions")
    require_count(len(window_reversal), spatial, "C9", "window_reversal", "spatial dimensions")
    for count, unique, name, axes, others in (
        ("C12", "C13", "input", input_spatial_dimensions, (input_batch_dimension, input_feature_dimension)),
        ("C17", "C18", "kernel", kernel_spatial_dimensions,
         (kernel_input_feature_dimension, kernel_output_feature_dimension)),
        ("C19", "C20", "output", output_spatial_dimensions, (output_batch_dimension, output_feature_dimension)),
    ):  # fmt: skip
        require_count(len(axes), spatial, count, f"{name}_spatial_dimensions", "spatial dimensions")
        require_unique((*axes, *others), unique, f"{name} dimensions")
        require_axes((*axes, *others), rank, unique, f"{name} dimensions")
    require(feature_group_count > 0, "C21", f"expects feature_group_count of at least 1, but got {feature_group_count}")
    require(batch_group_count > 0, "C22", f"expects batch_group_count of at least 1, but got {batch_group_count}")
    require(
        1 in (feature_group_count, batch_group_count),
        "C23",
        f"expects feature_group_count or batch_group_count to be 1, but got {feature_group_count} and"
        f" {batch_group_count}",
    )
    batches, features = lhs[input_batch_dimension], lhs[input_feature_dimension]
    kernel_features, outputs = rhs[kernel_input_feature_dimension], rhs[kernel_output_feature_dimension]
    for constraint, name, size, groups in (
        ("C10", "the input's batches", batches, batch_group_count),
        ("C11", "the input's features", features, feature_group_count),
        ("C15", "the kernel's output features", outputs, batch_group_count),
        ("C16", "the kernel's output features", outputs, feature_group_count),
    ):
        require(size is None or size % groups == 0, constraint, f"expects {name}, {size}, to be a multiple of {groups}")
    require(
        features is None or fits(kernel_features, features // feature_group_count),
        "C14",
        f"expects a kernel for {features if features is None else features // feature_group_count} input features,"
        f" but got {kernel_features}",
    )
    shape: list[Dim] = [None] * rank
    shape[output_batch_dimension] = None if batches is None else batches // batch_group_count
    shape[output_feature_dimension] = outputs
    for i, axis in enumerate(output_spatial_dimensions):
        size, window = lhs[input_spatial_dimensions[i]], rhs[kernel_spatial_dimensions[i]]
        if padding is not None:
            shape[axis] = window_count(size, window, window_strides[i], padding[i], lhs_dilation[i], rhs_dilation[i])
    return tuple(shape)


def gather(
    operand: Shape,
    start_indices: Shape,
    slice_sizes: Sequence[Dim],
    *,
    offset_dims: Dims = (),
    collapsed_slice_dims: Dims = (),
    operand_batching_dims: Dims = (),
    start_indices_batching_dims: Dims = (),
    start_index_map: Dims = (),
    index_vector_dim: int = 0,
) -> Shape:
    """The shape of `gather`. Constraints are numbered as for `gather`, for `dynamic_gather`, too."""
    rank = len(operand)
    hidden = (*collapsed_slice_dims, *operand_batching_dims)
    require(
        rank == len(offset_dims) + len(hidden),
        "C1",
        f"expects as many offset_dims, collapsed_slice_dims and operand_batching_dims together as dimensions of the"
        f" operand, {rank}, but got {len(offset_dims) + len(hidden)}",
    )
    _require_index_vectors(start_indices, start_index_map, index_vector_dim, "C2", "C3", "start_index_map")
    require_unique(offset_dims, "C4", "offset_dims")
    require_sorted(offset_dims, "C4", "offset_dims")
    batch = [size for i, size in enumerate(start_indices) if i != index_vector_dim]
    require_axes(offset_dims, len(batch) + len(offset_dims), "C5", "offset_dims")
    require_unique(hidden, "C6", "collapsed_slice_dims and operand_batching_dims")
    require_sorted(collapsed_slice_dims, "C7", "collapsed_slice_dims")
    require_axes(collapsed_slice_dims, rank, "C8", "collapsed_slice_dims")
    require_sorted(operand_batching_dims, "C10", "operand_batching_dims")
    require_axes(operand_batching_dims, rank, "C11", "operand_batching_dims")
    _require_index_batches(
        operand, start_indices, operand_batching_dims, start_indices_batching_dims, index_vector_dim, 13,
        "operand_batching_dims", "start_indices_batching_dims",
    )  # fmt: skip
    require_unique((*start_index_map, *operand_batching_dims), "C18", "start_index_map and operand_batching_dims")
    require_axes(start_index_map, rank, "C19", "start_index_map")
    require_count(len(slice_sizes), rank, "C20", "slice_sizes", "dimensions of the operand")
    for i, (size, whole) in enumerate(zip(slice_sizes, operand, strict=True)):
        require(
            size is None or (size >= 0 and (whole is None or size <= whole)),
            "C21",
            f"expects slice_sizes from 0 to {'?' if whole is None else whole} in dimension {i}, but got {size}",
        )
    for constraint, name, axes in (
        ("C9", "collapsed_slice_dims", collapsed_slice_dims),
        ("C12", "operand_batching_dims", operand_batching_dims),
    ):
        for axis in axes:
            size = slice_sizes[axis]
            require(
                size is None or size <= 1, constraint, f"expects slice_sizes of at most 1 for {name}, but got {size}"
            )
    offsets = iter([size for i, size in enumerate(slice_sizes) if i not in hidden])
    batches = iter(batch)
    return tuple(next(offsets if i in offset_dims else batches) for i in range(len(batch) + len(offset_dims)))


def scatter(
    inputs: Sequence[Shape],
    scatter_indices: Shape,
    updates: Sequence[Shape],
    *,
    update_window_dims: Dims = (),
    inserted_window_dims: Dims = (),
    input_batching_dims: Dims = (),
    scatter_indices_batching_dims: Dims = (),
    scatter_dims_to_operand_dims: Dims = (),
    index_vector_dim: int = 0,
) -> Shape:
    """The shape of each result of `scatter`."""
    require(
        bool(inputs) and len(inputs) == len(updates),
        "C5",
        f"expects as many updates as inputs, at least one, but got {len(inputs)} inputs and {len(updates)} updates",
    )
    shape = require_same(inputs, "C1", "inputs")
    update = require_same(updates, "C3", "updates")
    rank = len(shape)
    hidden = (*inserted_window_dims, *input_batching_dims)
    require(
        rank == len(update_window_dims) + len(hidden),
        "C2",
        f"expects as many update_window_dims, inserted_window_dims and input_batching_dims together as dimensions of"
        f" the inputs, {rank}, but got {len(update_window_dims) + len(hidden)}",
    )
    require_unique(update_window_dims, "C7", "update_window_dims")
    require_sorted(update_window_dims, "C7", "update_window_dims")
    require_axes(update_window_dims, len(update), "C8", "update_window_dims")
    require_unique(hidden, "C9", "inserted_window_dims and input_batching_dims")
    require_sorted(inserted_window_dims, "C10", "inserted_window_dims")
    require_axes(inserted_window_dims, rank, "C11", "inserted_window_dims")
    require_sorted(input_batching_dims, "C12", "input_batching_dims")
    require_axes(input_batching_dims, rank, "C13", "input_batching_dims")
    _require_index_vectors(
        scatter_indices, scatter_dims_to_operand_dims, index_vector_dim, "C22", "C19", "scatter_dims_to_operand_dims"
    )
    _require_index_batches(
        shape, scatter_indices, input_batching_dims, scatter_indices_batching_dims, index_vector_dim, 14,
        "input_batching_dims", "scatter_indices_batching_dims",
    )  # fmt: skip
    require_unique(
        (*scatter_dims_to_operand_dims, *input_batching_dims),
        "C20",
        "scatter_dims_to_operand_dims and input_batching_dims",
    )
    require_axes(scatter_dims_to_operand_dims, rank, "C21", "scatter_dims_to_operand_dims")
    places = tuple(size for i, size in enumerate(scatter_indices) if i != index_vector_dim)
    found = tuple(size for i, size in enumerate(update) if i not in update_window_dims)
    require(
        compatible(places, found),
        "C4",
        f"expects updates with the dimensions {spelled(places)} of scatter_indices, but got {spelled(found)}",
    )
    bounds = [size for i, size in enumerate(shape) if i not in hidden]
    for axis, bound in zip(update_window_dims, bounds, strict=True):
        size = update[axis]
        require(
            size is None or bound is None or size <= bound,
            "C4",
            f"expects windows of at most {bound} in dimension {axis} of the updates, but got {size}",
        )
    return shape


def _require_index_vectors(
    indices: Shape, operand_dims: Dims, index_vector_dim: int, range_: str, count: str, name: str
) -> None:
    rank = len(indices)
    require(
        0 <= index_vector_dim <= rank, range_, f"expects index_vector_dim in [0, {rank}], but got {index_vector_dim}"
    )
    length = indices[index_vector_dim] if index_vector_dim < rank else 1
    require(
        fits(len(operand_dims), length), count, f"expects {length} dimensions in {name}, but got {len(operand_dims)}"
    )


def _require_index_batches(
    operand: Shape,
    indices: Shape,
    operand_dims: Dims,
    indices_dims: Dims,
    index_vector_dim: int,
    first: int,
    operand_name: str,
    name: str,
) -> None:
    """Five constraints on batching dimensions that `gather` and `scatter` share, from number `first` on."""
    require_unique(indices_dims, f"C{first}", name)
    require_axes(indices_dims, len(indices), f"C{first + 1}", name)
    require(
        index_vector_dim not in indices_dims,
        f"C{first + 2}",
        f"expects {name} without index_vector_dim, {index_vector_dim}",
    )
    require_count(len(indices_dims), len(operand_dims), f"C{first + 3}", name, operand_name)
    for axis, other in zip(operand_dims, indices_dims, strict=True):
        require(
            fits(operand[axis], indices[other]),
            f"C{first + 4}",
            f"expects batching dimensions of equal sizes, but got {operand[axis]} and {indices[other]}",
        )


def fft(operand: Shape, fft_type: str, fft_length: Dims) -> Shape:
    """The shape of `fft`, of the type ``FFT``, ``IFFT``, ``RFFT`` or ``IRFFT``."""
    count = len(fft_length)
    require(1 <= count <= 3, "C3", f"expects 1 to 3 lengths in fft_length, but got {count}")
    require(count <= len(operand), "C1", f"expects at most {len(operand)} lengths in fft_length, but got {count}")
    if fft_type == "RFFT":
        require(
            compatible(operand[-count:], tuple(fft_length)),
            "C4",
            f"expects the operand's last dimensions to be {list(fft_length)}, but got {spelled(operand[-count:])}",
        )
        last = operand[-1]
        return (*operand[:-1], None if last is None else last // 2 + 1 if last else 0)
    if fft_type == "IRFFT":
        last = fft_length[-1]
        expected = (*fft_length[:-1], last // 2 + 1 if last else 0)
        require(
            compatible(operand[-count:], expected),
            "C5",
            f"expects the operand's last dimensions to be {list(expected)}, but got {spelled(operand[-count:])}",
        )
        return (*operand[:-1], last)
    return operand
