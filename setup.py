"""The packages of the distribution: every folder below the four that `pyproject.toml` maps into `tfrt`."""

from setuptools import find_packages, setup

FOLDERS = ("compiler", "dialects", "executor", "kernels")

found = [name for folder in FOLDERS for name in find_packages(include=[folder, f"{folder}.*"])]
setup(packages=["tfrt", *(f"tfrt.{name}" for name in found)])
