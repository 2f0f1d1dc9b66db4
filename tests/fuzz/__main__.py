"""Fuzzing with atheris: `python -m tests.fuzz html --minutes 10`. What it finds is kept as a case for the suite."""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

HANG = 120  # seconds on the clock after which an input is given up; `Target.seconds` is what it may take
MEMORY_MB = 2048


def main() -> int:
    """Run one target in a process of its own: the fuzzer ends the process that it runs in."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", help="one of tests/fuzz/targets.py")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--corpus", type=Path, help="a folder to begin with and to keep what leads further in"
    )
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)  # the process that fuzzes, and where
    asked = parser.parse_args()
    if asked.within is not None:
        _fuzz(asked.target, asked.within, asked.corpus or asked.within / "corpus", asked.minutes)
    with TemporaryDirectory(prefix="fuzz-") as folder:
        command = [sys.executable, "-m", "tests.fuzz", *sys.argv[1:], "--within", folder]
        started = time.monotonic()
        ended = subprocess.run(command, check=False, env=os.environ | {"TMPDIR": folder})
        minutes = (time.monotonic() - started) / 60
    found = "nothing found" if ended.returncode == 0 else "FOUND: see above, and tests/data/fuzz"
    sys.stdout.write(f"{asked.target}: {minutes:.1f} minutes, {found}\n")
    return ended.returncode


def _fuzz(name: str, within: Path, corpus: Path, minutes: float) -> None:
    import atheris

    with atheris.instrument_imports(include=["aggregator", "feedparser"], enable_loader_override=False):
        from tests.fuzz.targets import CASES, TARGETS, cases
    target = TARGETS[name]
    beginning = within / "seeds"
    for folder in (beginning, corpus, CASES / name):
        folder.mkdir(parents=True, exist_ok=True)
    for data in (*target.seeds(), *cases(name)):
        if 0 < len(data) <= target.length_most:
            (beginning / hashlib.sha256(data).hexdigest()).write_bytes(data)
    words = within / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words.split(" ")), encoding="ascii")
    options = {
        "max_total_time": round(minutes * 60),
        "timeout": HANG,
        "rss_limit_mb": MEMORY_MB,
        "max_len": target.length_most,
        "artifact_prefix": f"{CASES / name}/",
        "dict": words,
        "print_final_stats": 1,
        "verbosity": 1,
    }
    arguments = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([sys.argv[0], *arguments, str(corpus), str(beginning)], target.run)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    sys.exit(main())
