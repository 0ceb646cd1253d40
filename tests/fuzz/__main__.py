"""Fuzz one target for long: ``python -m tests.fuzz TARGET --minutes 10``.

With atheris (``pip install atheris``, Linux and macOS) the inputs follow the
code that they reach; without it they come from hypothesis. What breaks a target
is written into tests/fuzz/found/TARGET, where the tests replay it for ever.
Ends with 1 where something was found.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FOUND = Path(__file__).with_name("found")
MAX_SECONDS = 5.0  # seconds of processor time that no input may take
MAX_MEMORY = 2 << 30  # bytes of address space that the process gets on top of what it has


def main() -> int:
    """Read the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--with", dest="engine", choices=("atheris", "hypothesis"))
    options = parser.parse_args()
    engine = options.engine or ("atheris" if importlib.util.find_spec("atheris") else "hypothesis")
    print(f"{options.target} with {engine} for {options.minutes:g} minutes", flush=True)  # noqa: T201
    run = _with_atheris if engine == "atheris" else _with_hypothesis
    return run(options.target, options.minutes * 60)


def _limit_memory() -> None:
    """Turn an input that fills the memory into a MemoryError, where the system has a way to."""
    try:
        import resource
    except ImportError:
        return
    used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096 if Path("/proc/self/statm").exists() else 0
    resource.setrlimit(resource.RLIMIT_AS, (used + MAX_MEMORY, used + MAX_MEMORY))


class Guard:
    """Calls a target with one input after another, counts, and keeps what breaks it."""

    def __init__(self, name: str) -> None:
        from tests.fuzz.targets import TARGETS

        self.name = name
        self.target = TARGETS[name]
        self.count = 0
        self.slowest = 0.0
        self.found: dict[str, str] = {}

    def __call__(self, data: bytes) -> None:
        """Call it. Raises nothing: an input is kept once for each place where it breaks."""
        self.count += 1
        began = time.process_time()
        try:
            self.target.run(data)
        except Exception as error:  # noqa: BLE001  this is what is looked for
            self._keep(data, f"{type(error).__name__} at {_place(error)}", str(error))
        took = time.process_time() - began
        self.slowest = max(self.slowest, took)
        if took > MAX_SECONDS:
            self._keep(data, "slow", f"{took:.1f} seconds")

    def _keep(self, data: bytes, where: str, text: str) -> None:
        if where in self.found:
            return
        self.found[where] = text
        folder = FOUND / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        print(f"FOUND {where}: {text[:200]}", flush=True)  # noqa: T201

    def finish(self) -> int:
        """Print what was done, and return the exit status."""
        print(f"{self.name}: {self.count} inputs, slowest {self.slowest:.2f} s, {len(self.found)} found")  # noqa: T201
        return 1 if self.found else 0


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"


def _with_atheris(name: str, seconds: float) -> int:
    import atheris  # type: ignore[import-not-found,unused-ignore]

    with atheris.instrument_imports(include=["pytest_flowscape"]):
        guard = Guard(name)
    _limit_memory()
    until = time.monotonic() + seconds

    def one(data: bytes) -> None:
        guard(data)
        if time.monotonic() > until:  # libFuzzer ends the process without anything of ours
            status = guard.finish()
            sys.stdout.flush()
            os._exit(status)

    def mutate(data: bytes, size: int, number: int) -> bytes:
        from tests.fuzz.mutating import random_change

        return random_change(data, number)[:size] if number % 2 else bytes(atheris.Mutate(data, size))

    corpus = Path(tempfile.mkdtemp(prefix="corpus-"))
    for number, seed in enumerate(guard.target.seeds):
        (corpus / str(number)).write_bytes(seed)
    words = corpus.with_suffix(".dict")
    from tests.fuzz.seeds import WORDS

    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in WORDS if word)
    words.write_text("".join(f'"{text}"\n' for text in escaped), encoding="ascii")
    atheris.Setup(
        [sys.argv[0], f"-dict={words}", "-max_len=8000", "-timeout=60", str(corpus)], one, custom_mutator=mutate
    )
    atheris.Fuzz()
    return guard.finish()


def _with_hypothesis(name: str, seconds: float) -> int:
    from hypothesis import HealthCheck, Phase, given, settings

    from tests.fuzz.mutating import inputs

    guard = Guard(name)
    _limit_memory()
    until = time.monotonic() + seconds
    # without a database, and with another seed each time: what is found is kept as a file
    options: dict[str, Any] = {
        "max_examples": 2000,
        "deadline": None,
        "database": None,
        "phases": [Phase.generate],
        "suppress_health_check": list(HealthCheck),
    }

    def one(data: bytes) -> None:  # hypothesis wants a function
        guard(data)

    while time.monotonic() < until:
        settings(**options)(given(inputs(guard.target))(one))()
    return guard.finish()


if __name__ == "__main__":
    sys.exit(main())
