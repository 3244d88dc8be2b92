"""Kernels of the programs in this folder: `bef-run --kernels trouble_kernels.py`. README.md tells of the programs."""

from __future__ import annotations

import tfrt

_PRICES = {"apple": 3, "cherry": 1}


@tfrt.kernel("trouble.count_primes")
def count_primes(limit: int) -> int:
    """How many primes there are below `limit`, found the slow way."""
    return sum(all(number % divisor for divisor in range(2, number)) for number in range(2, limit))


@tfrt.kernel("trouble.receive")
def receive(resources: tfrt.ResourceContext, *, mailbox: tfrt.String) -> tfrt.AsyncValue:
    """What is put into a mailbox: a result that is there once somebody has done so."""
    return _mailbox(resources, mailbox)


@tfrt.kernel("trouble.send")
def send(value: int, host: tfrt.HostContext, resources: tfrt.ResourceContext, *, mailbox: tfrt.String) -> tfrt.Chain:
    """Put a value into a mailbox."""
    host.write(f"sent {value}\n")
    _mailbox(resources, mailbox).set(value)
    return tfrt.CHAIN


def _mailbox(resources: tfrt.ResourceContext, name: str) -> tfrt.AsyncValue:
    found: tfrt.AsyncValue = resources.get_or_create(f"mailbox {name}", tfrt.AsyncValue)
    return found


@tfrt.kernel("trouble.price")
def price(count: int, *, fruit: tfrt.String) -> int:
    """What so many pieces of a fruit cost."""
    return count * _look_up(fruit)


def _look_up(fruit: str) -> int:
    if fruit not in _PRICES:
        raise LookupError(f"there is no price for '{fruit}', only for {', '.join(_PRICES)}")
    return _PRICES[fruit]
