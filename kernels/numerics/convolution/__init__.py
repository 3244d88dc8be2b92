"""Convolution of images, for each order of dimensions and for each way to compute it."""
