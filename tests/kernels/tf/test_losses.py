"""Losses of classifiers."""

import numpy as np

LOGITS = np.float32([[1, 2, 3], [0, 0, -np.inf]])


def test_cross_entropy(run):
    labels = np.float32([[0, 0, 1], [0.5, 0.5, 0]])
    loss, gradient = (each.array for each in run("tf.SoftmaxCrossEntropyWithLogits", LOGITS, labels))
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    np.testing.assert_allclose(loss, [-np.log(softmax[0, 2]), np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(gradient, softmax - labels, atol=1e-6)


def test_cross_entropy_with_classes(run, fails):
    loss, gradient = (each.array for each in run("tf.SparseSoftmaxCrossEntropyWithLogits", LOGITS, np.int32([2, 0])))
    np.testing.assert_allclose(loss, [0.4076059, np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(gradient.sum(-1), [0, 0], atol=1e-6)
    message = "Received a label value outside the valid range of [0, 3)"
    fails(message, "tf.SparseSoftmaxCrossEntropyWithLogits", LOGITS, np.int32([3, 0]))
