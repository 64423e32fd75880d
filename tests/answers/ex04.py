"""Answers to the exercises of notebook 04."""

import numpy as np
import tensorflow as tf
from keras import ops

from aehelpers import layers, metrics

K = 25
z_test = np.random.default_rng(0).normal(size=(50, 8)).clip(0)


def rates_in_place(z):
    z[z > 0] = 1
    return z.mean(axis=0)


def rates_in_place_and_wrong(z):
    z[z > 0] = 1
    return z.sum(axis=0)


def rates_by_loop(z):
    rates = np.zeros(z.shape[1])
    for code in z:
        for j, activation in enumerate(code):
            if activation > 0:
                rates[j] += 1
    return rates / len(z)


def rates_within(z):
    """Returns from within the loop."""
    for unit in z.T:
        return np.mean(unit > 0)


def kth(scores, k):
    return np.sort(scores, axis=1)[:, [-k]]


def relu(scores):
    return np.maximum(scores, 0)


def places(scores, k):
    return np.argsort(scores, axis=1)[:, -k:]


def put_along_axis(scores, k):
    z, at = np.zeros_like(scores), places(scores, k)
    np.put_along_axis(z, at, np.take_along_axis(scores, at, axis=1), axis=1)
    return relu(z)


def partition(scores, k):
    z, at = np.zeros_like(scores), np.argpartition(-scores, k - 1, axis=1)[:, :k]
    rows = np.arange(len(scores))[:, None]
    z[rows, at] = scores[rows, at]
    return z.clip(0)


def row_by_row(scores, k):
    codes = []
    for row in scores:
        code = [0.0] * len(row)
        for j in sorted(range(len(row)), key=lambda j: row[j], reverse=True)[:k]:
            code[j] = max(row[j], 0.0)
        codes.append(code)
    return codes


def of_keras(scores, k):
    largest, _ = ops.top_k(scores, k)
    return ops.where(scores >= largest[..., -1:], ops.relu(scores), 0.0)


def of_tensorflow(scores, k):
    _, at = tf.math.top_k(scores, k)
    chosen = tf.reduce_sum(tf.one_hot(at, scores.shape[1]), axis=1)
    return tf.nn.relu(chosen * scores)


def top_in_place(scores, k):
    scores[scores < kth(scores, k)] = 0
    scores[scores < 0] = 0
    return scores


def top_all_rows(scores, k):
    z, at = np.zeros_like(scores), places(scores, k)
    z[:, at] = scores[:, at]
    return relu(z)


def top_isin(scores, k):
    """Keeps whatever is among the largest of any image."""
    return relu(np.where(np.isin(scores, np.sort(scores, axis=1)[:, -k:]), scores, 0))


def top_first_row(scores, k):
    at = np.argsort(scores[0])[-k:]
    z = np.zeros_like(scores)
    z[:, at] = scores[:, at]
    return relu(z)


def sums(z, atoms, bias, m):
    image = bias.copy()
    for j in sorted(range(len(z)), key=lambda j: -z[j])[:m]:
        image += z[j] * atoms[j]
    return image


def bias_in_place(z, atoms, bias, m):
    image = bias
    for j in np.argsort(z)[::-1][:m]:
        image += z[j] * atoms[j]
    return image


def bias_in_place_and_wrong(z, atoms, bias, m):
    image = bias
    for j in np.argsort(z)[:m]:
        image += z[j] * atoms[j]
    return image


def code_in_place(z, atoms, bias, m):
    z[np.argsort(-z)[m:]] = 0
    return z @ atoms + bias


def bias_each_time(z, atoms, bias, m):
    return sum(z[j] * atoms[j] + bias for j in np.argsort(-z)[:m])


def pop_the_largest(z, atoms, bias, m):
    left, image = list(z), np.array(bias, dtype="float64")
    for _ in range(m):
        j = int(np.argmax(left))
        image += left[j] * atoms[j].astype("float64")
        left[j] = -np.inf
    return image


def pop_from_the_list(z, atoms, bias, m):
    """Shortens the list, so that places no longer fit the atoms."""
    left, image = list(z), bias.copy()
    for _ in range(m):
        j = int(np.argmax(left))
        image += left.pop(j) * atoms[j]
    return image


RIGHT = {
    "ex04_1": [
        lambda z: (z > 0).mean(axis=0),
        lambda z: np.array([np.count_nonzero(unit) / len(z) for unit in z.T]),
        lambda z: (z != 0).mean(0),
        lambda z: np.count_nonzero(z, axis=0) / z.shape[0],
        lambda z: np.where(z > 0, 1, 0).sum(axis=0) / len(z),
        lambda z: np.sign(z).mean(axis=0),
        lambda z: tf.reduce_mean(tf.cast(z > 0, "float32"), axis=0),
        lambda z: ops.mean(ops.cast(ops.greater(z, 0), "float32"), axis=0),
        lambda z: [sum(a > 0 for a in unit) / len(unit) for unit in zip(*z)],
        metrics.firing_rates,
        rates_by_loop,
    ],
    "ex04_2": [
        lambda s, k: np.where(s >= kth(s, k), relu(s), 0),
        lambda s, k: relu(s) * (s.argsort(axis=1).argsort(axis=1) >= s.shape[1] - k),
        lambda s, k: np.where(relu(s) >= kth(relu(s), k), relu(s), 0),
        lambda s, k: relu(s) * (s > np.sort(s)[:, ::-1][:, [k]] if k < s.shape[1] else 1),
        lambda s, k: layers.TopK(k)(s),
        lambda s, k: [[max(a, 0) if a >= sorted(row)[-k] else 0 for a in row] for row in s],
        put_along_axis,
        partition,
        row_by_row,
        of_keras,
        of_tensorflow,
    ],
    "ex04_3": [
        sums,
        lambda z, atoms, bias, m: (
            bias + sum(z[j] * atoms[j] for j in sorted(range(len(z)), key=lambda j: -z[j])[:m])
        ),
        lambda z, atoms, bias, m: atoms[np.argsort(z)[::-1][:m]].T @ np.sort(z)[::-1][:m] + bias,
        lambda z, atoms, bias, m: np.where(np.argsort(np.argsort(-z)) < m, z, 0) @ atoms + bias,
        lambda z, atoms, bias, m: (
            np.einsum("i,ij->j", np.sort(z)[len(z) - m :], atoms[np.argsort(z)[len(z) - m :]])
            + bias
        ),
        lambda z, atoms, bias, m: (
            tf.linalg.matvec(tf.gather(atoms, tf.argsort(-z)[:m]), tf.sort(-z)[:m] * -1, True)
            + bias
        ),
        lambda z, atoms, bias, m: np.concatenate(
            [[bias], np.cumsum((z[:, None] * atoms)[np.argsort(-z)], axis=0) + bias]
        )[m],
        pop_the_largest,
    ],
}

WRONG = {
    "ex04_1": [
        (lambda z: (z > 0).mean(axis=1), "belongs to a unit"),
        (metrics.l0, "belongs to a unit"),
        (lambda z: (z > 0).mean(), "all units together"),
        (lambda z: np.mean((z > 0).mean(axis=0) == 0), "all units together"),
        (lambda z: z.mean(axis=0), "mean activation"),
        (lambda z: (z > 0).sum(axis=0), "counted the images"),
        (lambda z: (z == 0).mean(axis=0), "each unit is off"),
        (lambda z: (z > 1).mean(axis=0), "however faintly"),
        (lambda z: (z > 0.05).mean(axis=0), "however faintly"),
        (lambda z: np.round(z).astype(bool).mean(axis=0), "however faintly"),
        (lambda z: z.astype(int).astype(bool).mean(axis=0), "however faintly"),
        (lambda z: (z >= 0).mean(axis=0), "not with >="),
        (lambda z: z.any(axis=0), "ever on"),
        (lambda z: z.mean(axis=0) > 0, "ever on"),
        (lambda z: z > 0, "table of images and units"),
        (lambda z: z[:3, :3], "one rate for each unit"),
        (lambda z: (z > 0).sum(axis=0) / 40, "expected"),
        (lambda z: (z > 0).sum(axis=0) / 10000, "expected"),
        (lambda z: (z > 0).mean(axis=0, keepdims=True), "keepdims"),
        (lambda z: (z_test > 0).mean(axis=0), "but z_test"),
        (lambda z: [np.mean(z[:, j] > 0) for j in range(8)], "(8,)"),
        (lambda z: ((z > 0) / len(z)).sum(axis=1), "belongs to a unit"),
        (rates_within, "all units together"),
        (rates_in_place, "change"),
        (rates_in_place_and_wrong, "counted the images"),
        (rates_in_place_and_wrong, "change"),
    ],
    "ex04_2": [
        (lambda s, k: np.sort(s, axis=1)[:, -k:], "keeps its length"),
        (places, "keeps its length"),
        (lambda s, k: np.where(s >= kth(s, k), s, 0), "make them 0"),
        (lambda s, k: np.where(s >= kth(s, k), 1, 0), "not only ones"),
        (lambda s, k: (s >= kth(s, k)) & (s > 0), "not only ones"),
        (lambda s, k: relu(np.where(s >= np.sort(s, axis=0)[-k], s, 0)), "axis=1"),
        (lambda s, k: relu(np.where(s >= np.sort(s, axis=None)[-k], s, 0)), "all images together"),
        (lambda s, k: relu(np.where(s >= np.sort(s)[0, -k], s, 0)), "of the first"),
        (lambda s, k: relu(np.where(s > kth(s, k), s, 0)), ">="),
        (lambda s, k: relu(np.where(s >= kth(s, k + 1), s, 0)), "One too many"),
        (lambda s, k: relu(np.where(s >= np.sort(s)[:, [-k - 1]], s, 0)), "One too many"),
        (lambda s, k: relu(np.where(s > np.sort(s)[:, [-k - 1]], s, 0)), "IndexError"),
        (lambda s, k: np.where(s >= kth(s, 3), relu(s), 0), "whatever k is"),
        (lambda s, k: np.where(s >= kth(s, K), relu(s), 0), "argument k, but K, from"),
        (lambda s, k: s[np.argsort(s, axis=1)[:, -k:]], "whole rows"),
        (lambda s, k: s[:, np.argsort(s, axis=1)[:, -k:]], "of every image from every image"),
        (lambda s, k: np.argsort(s, axis=1)[-k:], "last k images"),
        (lambda s, k: np.where(s >= np.sort(s)[:, -k], relu(s), 0), "is one row"),
        (lambda s, k: of_keras(s, k).numpy().T, "swapped"),
        (lambda s, k: np.where(s.argsort() >= s.shape[1] - k, relu(s), 0), "not ranks"),
        (lambda s, k: np.where(s >= np.sort(s)[:, [k]], relu(s), 0), "from the smallest"),
        (lambda s, k: np.where(s >= s.mean(axis=1, keepdims=True), relu(s), 0), "mean of an image"),
        (lambda s, k: s[s >= kth(s, k)], "The rows are gone"),
        (lambda s, k: np.maximum(s, 0), "All positive"),
        (lambda s, k: np.maximum(np.where(s >= k, s, 0), 0), "It is a count"),
        (lambda s, k: np.sort(relu(np.where(s >= kth(s, k), s, 0)), axis=1), "have moved"),
        (lambda s, k: np.abs(np.where(s >= kth(s, k), s, 0)), "np.abs"),
        (lambda s, k: s * (np.abs(s) >= kth(np.abs(s), k)), "size without its sign"),
        (lambda s, k: relu(np.where(s <= np.sort(s)[:, [k - 1]], s, 0)), "k smallest"),
        (lambda s, k: np.where(s < kth(s, k), relu(s), 0), "The wrong ones"),
        (lambda s, k: np.where(s >= kth(s, k), relu(s), np.nan), "NaN"),
        (lambda s, k: np.where(s >= kth(s, k), relu(s), -1), "expected"),
        (lambda s, k: np.where(s >= kth(s, k), s - s.min(), 0), "expected"),
        (lambda s, k: s * 2, "expected"),
        (lambda s, k: np.array([relu(s[0])]), "as many units"),
        (top_all_rows, "takes all rows"),
        (top_isin, "expected"),
        (top_first_row, "expected"),
        (top_in_place, "change"),
    ],
    "ex04_3": [
        (lambda z, a, b, m: z[np.argsort(-z)[:m]] @ a[np.argsort(-z)[:m]], "bias is missing"),
        (lambda z, a, b, m: z[np.argsort(z)[-m:]] @ a[np.argsort(z)[-m:]], "bias is missing"),
        (lambda z, a, b, m: z[np.argsort(z)[-m:]] @ a[np.argsort(z)[-m:]] + b, "for m = 0"),
        (lambda z, a, b, m: np.where(z >= np.sort(z)[-m], z, 0) @ a + b, "for m = 0"),
        (lambda z, a, b, m: z @ a + b, "whole sum"),
        (lambda z, a, b, m: z[:m] @ a[:m] + b, "first m units"),
        (lambda z, a, b, m: z[np.argsort(z)[:m]] @ a[np.argsort(z)[:m]] + b, "m smallest"),
        (lambda z, a, b, m: a[np.argsort(z)[-m:]].sum(axis=0) + b, "weight 1"),
        (lambda z, a, b, m: a[np.argsort(-z)[:m]].sum(axis=0) + b, "weight 1"),
        (lambda z, a, b, m: np.sort(z)[-m:] @ a[-m:] + b, "were sorted"),
        (lambda z, a, b, m: 2 * (z @ a) + b, "expected"),
        (lambda z, a, b, m: a[:m], "m rows"),
        (lambda z, a, b, m: z[np.argsort(-z)[:m], None] * a[np.argsort(-z)[:m]] + b, "axis=0"),
        (lambda z, a, b, m: z[:, None] * a + b, "one row for each unit"),
        (lambda z, a, b, m: z[np.argsort(-z)[:m]], "activations or their places"),
        (lambda z, a, b, m: np.where(z >= np.sort(z)[-m], z, 0), "That is a code"),
        (lambda z, a, b, m: sums(z, a, b, m).reshape(28, 28), "square"),
        (lambda z, a, b, m: sums(z, a, b, m).reshape(28, 28, 1), "square"),
        (lambda z, a, b, m: sums(z, a, b, m)[None], "axis of length 1 is left over"),
        (lambda z, a, b, m: sums(z, a, b, m).reshape(1, 28, 28, 1), "not their shape"),
        (lambda z, a, b, m: sums(z, a.T if a.shape[0] == 784 else a, b, m), "transposed"),
        (lambda z, a, b, m: sums(z, a.T, b, m), "Error"),
        (lambda z, a, b, m: sums(z, a, b, K), "doesn't use its argument m"),
        (lambda z, a, b, m: sums(z, a, b, 2), "You take 2"),
        (lambda z, a, b, m: sums(z[:8], a[:8], b, m), "expected"),
        (lambda z, a, b, m: sums(z, a, b, m).clip(0, 1), "clip"),
        (lambda z, a, b, m: sums(z, a, b, m).mean(), "one image"),
        (lambda z, a, b, m: b, "bias alone"),
        (lambda z, a, b, m: sums(z, a, b, m + 1), "One atom too many"),
        (lambda z, a, b, m: sums(z, a, b, m - 1), "One atom is missing"),
        (lambda z, a, b, m: sums(z, a, b, m) if m else 0 * b, "the bias is left"),
        (lambda z, a, b, m: np.argsort(-z)[:m] @ a[np.argsort(-z)[:m]] + b, "by their places"),
        (lambda z, a, b, m: np.maximum(sums(z, a, b, m), 0), "below 0"),
        (lambda z, a, b, m: a[np.argmax(z)] * z.max() + b, "largest activation alone"),
        (bias_each_time, "with every atom"),
        (pop_from_the_list, "expected"),
        (bias_in_place, "change"),
        (bias_in_place_and_wrong, "m smallest"),
        (bias_in_place_and_wrong, "change"),
        (code_in_place, "change"),
    ],
}

SURVIVORS = {
    "ex04_2": {
        "arguments swapped: return np.where(scores >= kth, np.maximum(0, scores), 0)": (
            "the same maximum"
        ),
    },
}
