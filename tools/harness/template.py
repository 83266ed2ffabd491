# SPDX-License-Identifier: ISC
"""Texts of a scenario that depend on the run's nonce: {nonce}, {sha256:TEXT}, {upper:TEXT} ...

A nonce is different in every run, so an answer that must contain a function of it cannot be printed
by a program that does not do its work.
"""
import hashlib
import re
from collections.abc import Callable

NONCE_DIGITS = 16

FUNCTIONS: dict[str, Callable[[str], str]] = {
    "sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "upper": str.upper,
    "reverse": lambda text: text[::-1],
    "length": lambda text: str(len(text.encode())),
    "hex": lambda text: text.encode().hex(" "),
}
CALL = re.compile(r"\{(%s):([^{}]*)\}" % "|".join(FUNCTIONS))


def nonce(seed: str, name: str) -> str:
    """The nonce of a scenario in a run with this seed."""
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()[:NONCE_DIGITS]


def random_seed(nonce_text: str) -> int:
    """What the random numbers of the processor come from in the run with this nonce."""
    return int.from_bytes(hashlib.sha256(nonce_text.encode()).digest()[:8])


def proof(nonce_text: str, verifier: str) -> str:
    """What a verifier of the image answers with when all that it claims was shown."""
    return hashlib.sha256(f"{nonce_text} {verifier}".encode()).hexdigest()


def fill(text: str, nonce_text: str, quote: Callable[[str], str] = str) -> str:
    """The text with nonce and functions filled in; `quote` protects what is filled in."""
    placeholder = re.compile(r"\{nonce\}|" + CALL.pattern)

    def value(part: str) -> str:
        filled = part.replace("{nonce}", nonce_text)
        call = CALL.fullmatch(filled)
        return FUNCTIONS[call[1]](call[2]) if call else filled

    # A function's text may hold {nonce}: that inner one is filled in first.
    inner = re.sub(r"(\{(?:%s):[^{}]*)\{nonce\}" % "|".join(FUNCTIONS),
                   lambda found: found[1] + nonce_text, text)
    return placeholder.sub(lambda found: quote(value(found[0])), inner)
