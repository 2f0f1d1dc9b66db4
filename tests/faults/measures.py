"""What a daemon uses, seen from outside now and then, and what becomes of it over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.processes import cpu, family

MEBIBYTE = 2**20
LAG = "aggregator_event_loop_lag_seconds"
DELAY = "aggregator_publish_delay_seconds"
TOO_LATE = 0.05  # seconds that 99 of 100 things in the event loop wait at most (issue 7)
STEEPEST = 0.05  # MB of memory per 1,000 polls (issue 7)
SPREAD = 12  # descriptors by which the middle of two stretches may differ: connections come and go


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look. Memory is MB: resident of the main process, and a fair share of pages of its workers."""

    at: float  # seconds since the start
    polls: float
    entries: float
    main: float
    workers: float
    descriptors: int
    threads: int
    cpu: float  # seconds, with workers
    queued: float  # seconds in which the main thread could have run and had no CPU
    lag: tuple[tuple[float, float], ...]  # upper bound of a bucket in seconds, how often so late or less
    delay: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        return (
            f"{self.at:.0f} s: {self.polls:.0f} polls, {self.entries:.0f} entries, {self.main:.1f} MB"
            f" + {self.workers:.1f} MB of workers, {self.descriptors} descriptors, {self.threads} threads,"
            f" {self.cpu:.0f} s of CPU, {self.queued:.0f} s without one"
        )


def sample(pid: int, exposition: str, at: float) -> Sample:
    """Look at a daemon that has just answered /metrics with this."""
    found = [one for family in text_string_to_metric_families(exposition) for one in family.samples]

    def total(name: str, **labels: str) -> float:
        return sum(one.value for one in found if one.name == name and labels.items() <= one.labels.items())

    def buckets(name: str) -> tuple[tuple[float, float], ...]:
        return tuple((float(one.labels["le"]), one.value) for one in found if one.name == f"{name}_bucket")

    members = list(family(pid))
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return Sample(
        at=at,
        polls=total("aggregator_polls_total"),
        entries=total("aggregator_entries_total", outcome="new"),
        main=_kilobytes(status["VmRSS"]) / 1024,
        workers=sum(map(_share, members[1:])),
        descriptors=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        threads=int(status["Threads"]),
        cpu=sum(_cpu(one) for one in members),
        queued=int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1]) / 1e9,
        lag=buckets(LAG),
        delay=buckets(DELAY),
    )


def _kilobytes(said: str) -> int:
    return int(said.split(maxsplit=1)[0])


def _share(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # a worker that has just been replaced
    return sum(_kilobytes(line.split(":", 1)[1]) for line in lines if line.startswith("Pss:")) / 1024


def _cpu(pid: int) -> float:
    try:
        return cpu(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return by how much the second of each pair grows with the first, by least squares."""
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread else 0.0


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float:
    """Return the upper bound of the bucket that this share of a histogram reaches."""
    total = buckets[-1][1]
    return next((bound for bound, count in buckets if count >= share * total), float("inf"))


def between(
    before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return the histogram of what was counted between two looks."""
    return [(bound, count - was) for (bound, count), (_, was) in zip(after, before, strict=True)]


@dataclass(frozen=True, slots=True)
class Trend:
    """What became of it after the warm-up, in which caches and pools fill."""

    samples: Sequence[Sample]

    @property
    def steepness(self) -> tuple[float, float]:
        """MB per 1,000 polls: of the main process, of its workers."""
        return (
            slope([(one.polls / 1000, one.main) for one in self.samples]),
            slope([(one.polls / 1000, one.workers) for one in self.samples]),
        )

    @property
    def lag(self) -> list[tuple[float, float]]:
        return between(self.samples[0].lag, self.samples[-1].lag)

    @property
    def more_descriptors(self) -> float:
        """How many more there are in the last third than in the first, in the middle."""
        third = max(1, len(self.samples) // 3)
        first, last = self.samples[:third], self.samples[-third:]
        return median(one.descriptors for one in last) - median(one.descriptors for one in first)

    def lines(self) -> list[str]:
        """Say it in figures."""
        first, last = self.samples[0], self.samples[-1]
        polls, seconds = last.polls - first.polls, last.at - first.at
        counts = [one.descriptors for one in self.samples]
        delay = between(first.delay, last.delay)
        main, workers = self.steepness
        return [
            f"after a warm-up of {first.at:.0f} s: {polls:.0f} polls in {seconds:.0f} s,"
            f" {polls / seconds:.0f} a second; {last.entries - first.entries:.0f} new entries;"
            f" {last.cpu - first.cpu:.0f} s of CPU; the event loop waited {last.queued - first.queued:.0f} s for a CPU",
            f"memory: main {first.main:.1f} MB, then {last.main:.1f} MB, {main:+.4f} MB per 1,000 polls;"
            f" workers {first.workers:.1f} MB, then {last.workers:.1f} MB, {workers:+.4f} MB per 1,000 polls",
            f"descriptors: first {counts[0]}, last {counts[-1]}, most {max(counts)};"
            f" threads: first {first.threads}, last {last.threads}, most {max(one.threads for one in self.samples)}",
            "event loop lag: " + _quantiles(self.lag),
            "publication delay: " + _quantiles(delay),
        ]

    def wrongs(self) -> list[str]:
        """Return which goals of issue 7 are missed."""
        main, workers = self.steepness
        holds = {
            f"memory of the main process grows by more than {STEEPEST} MB per 1,000 polls": main < STEEPEST,
            f"memory of the workers grows by more than {STEEPEST} MB per 1,000 polls": workers < STEEPEST,
            f"the event loop is late by more than {TOO_LATE} s one time in 100": self.is_in_time,
            "descriptors become more": self.keeps_descriptors,
        }
        return [wrong for wrong, is_well in holds.items() if not is_well]

    @property
    def is_in_time(self) -> bool:
        return quantile(self.lag, 0.99) <= TOO_LATE

    @property
    def keeps_descriptors(self) -> bool:
        return self.more_descriptors <= SPREAD


def _quantiles(buckets: Sequence[tuple[float, float]]) -> str:
    named = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    said = ", ".join(f"{name} ≤ {quantile(buckets, share):g} s" for name, share in named)
    return f"{said} of {buckets[-1][1]:.0f}"
