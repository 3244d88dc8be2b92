"""A transformer that writes text byte by byte: trained on nursery rhymes, and written as two StableHLO programs.

`prefill` reads a prompt of any length, and `step` one byte more. Both keep what attention looks back at, keys and
values, in a cache for `CONTEXT` bytes, which the caller hands from one call to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from making import FOLDER, Params, train, weight, write_arrays, write_text, write_text_of_any_size

BYTES, WIDTH, HEADS, LAYERS, CONTEXT = 128, 64, 4, 2, 128
HEAD = WIDTH // HEADS
WRONG = 0.05


def norm(x: Any, scale: Any, shift: Any) -> Any:
    """Layer normalisation over the last dimension."""
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean((x - mean) ** 2, axis=-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift


def turn(x: Any, positions: Any) -> Any:
    """Rotary embedding: queries or keys ``[n, HEADS, HEAD]``, turned by angles that grow with their positions."""
    rates = 100.0 ** (-jnp.arange(HEAD // 2, dtype=jnp.float32) / (HEAD // 2))
    angles = positions.astype(jnp.float32)[:, None, None] * rates
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([a * jnp.cos(angles) - b * jnp.sin(angles), a * jnp.sin(angles) + b * jnp.cos(angles)], -1)


def forward(params: Params, cache: Any, tokens: Any, position: Any) -> tuple[Any, Any]:
    """Scores of the next byte after each of the bytes ``[n]`` that begin at a position, and the cache with them.

    The cache is ``[LAYERS, 2, CONTEXT, HEADS, HEAD]``: keys and values.
    """
    x = params["bytes"][tokens]
    positions = position + jnp.arange(x.shape[0])
    seen = jnp.arange(CONTEXT) <= positions[:, None]
    for i, layer in enumerate(params["layers"]):
        queries, keys, values = jnp.split(norm(x, *layer["norm1"]) @ layer["attention"], 3, axis=-1)
        queries, keys, values = (part.reshape(-1, HEADS, HEAD) for part in (queries, keys, values))
        new = jnp.stack([turn(keys, positions), values])
        cache = jax.lax.dynamic_update_slice(cache, new[None], (i, 0, position, 0, 0))
        scores = jnp.einsum("nhd,chd->hnc", turn(queries, positions), cache[i, 0]) / np.sqrt(HEAD)
        weights = jax.nn.softmax(jnp.where(seen, scores, -jnp.inf))
        x = x + jnp.einsum("hnc,chd->nhd", weights, cache[i, 1]).reshape(-1, WIDTH) @ layer["output"]
        hidden = jax.nn.gelu(norm(x, *layer["norm2"]) @ layer["w1"] + layer["b1"])
        x = x + hidden @ layer["w2"] + layer["b2"]
    return norm(x, *params["norm"]) @ params["bytes"].T, cache


def empty() -> Any:
    """A cache of nothing."""
    return jnp.zeros((LAYERS, 2, CONTEXT, HEADS, HEAD), jnp.float32)


def prefill(params: Params, tokens: Any) -> tuple[Any, Any]:
    """Scores ``[BYTES]`` of the byte after a prompt, and a cache that holds the prompt."""
    scores, cache = forward(params, empty(), tokens, jnp.int32(0))
    return scores[-1], cache


def step(params: Params, cache: Any, token: Any, position: Any) -> tuple[Any, Any]:
    """Scores ``[BYTES]`` of the byte after one at a position, and the cache with it."""
    scores, cache = forward(params, cache, token[None], position)
    return scores[0], cache


def initial() -> Params:
    """Weights before training."""
    rng = np.random.default_rng(0)

    def ones() -> tuple[np.ndarray, np.ndarray]:
        return np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def layer() -> Params:
        return {
            "norm1": ones(),
            "attention": weight(rng, WIDTH, 3 * WIDTH),
            "output": weight(rng, WIDTH, WIDTH) / 2,
            "norm2": ones(),
            "w1": weight(rng, WIDTH, 2 * WIDTH),
            "b1": np.zeros(2 * WIDTH, np.float32),
            "w2": weight(rng, 2 * WIDTH, WIDTH) / 2,
            "b2": np.zeros(WIDTH, np.float32),
        }

    return {
        "bytes": weight(rng, BYTES, WIDTH),
        "layers": [layer() for _ in range(LAYERS)],
        "norm": ones(),
    }


def _windows(text: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Pieces of the text, some of whose bytes are wrong, so that the network learns to go on after mistakes of its own;
    and the bytes that should follow each."""
    rng = np.random.default_rng(0)
    while True:
        pieces = text[rng.integers(0, len(text) - CONTEXT, size)[:, None] + np.arange(CONTEXT + 1)]
        is_wrong = rng.random((size, CONTEXT)) < WRONG
        yield np.where(is_wrong, rng.choice(text, (size, CONTEXT)), pieces[:, :-1]), pieces[:, 1:]


def _loss(params: Params, pieces: Any, following: Any) -> Any:
    scores = jax.vmap(lambda tokens: forward(params, empty(), tokens, 0)[0])(pieces)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), following[:, :, None], axis=-1)
    return -jnp.mean(chosen)


def make() -> None:
    """Train on `rhymes.txt`, a minute or two, and write both programs."""
    text = np.frombuffer((FOLDER / "writer/rhymes.txt").read_bytes(), np.uint8).astype(np.int32)
    params = train(_loss, initial(), _windows(text, 16), 1000, 0.006)
    write_arrays("writer/weights.npz", params)
    (length,) = jax.export.symbolic_shape("length", constraints=[f"length <= {CONTEXT}"])
    prompt = jax.ShapeDtypeStruct((length,), np.int32)
    write_text_of_any_size("writer/prefill.mlir", prefill, params, prompt)
    write_text("writer/step.mlir", step, params, empty(), np.int32(0), np.int32(0))
    most_likely = _continue(params, "Humpty Dumpty", CONTEXT - 13)
    (FOLDER / "writer/expected.txt").write_text(most_likely, encoding="utf-8")
    print(most_likely)


def _continue(params: Params, prompt: str, count: int) -> str:
    """The prompt and the bytes that JAX finds the most likely after it."""
    said = list(prompt.encode())
    scores, cache = jax.jit(prefill)(params, np.array(said, np.int32))
    run = jax.jit(step)
    for _ in range(count):
        said.append(int(scores.argmax()))
        scores, cache = run(params, cache, np.int32(said[-1]), np.int32(len(said) - 1))
    return bytes(said).decode()
