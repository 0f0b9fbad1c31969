"""What each classifier keeps in memory: ``python -m benchmarks.memory``.

Each is opened in a process of its own and judges the same posts there; the figures are the kernel's (``/proc/self/status``), so
they hold the interpreter and all libraries too. "nothing" is a process that has only read the posts.
"""

import subprocess
import sys
from pathlib import Path

from classify.classifiers import make_classifier
from classify.classifiers.encoder import FOLDER
from classify.corpus import read

MODELS = Path(__file__).parent.parent / "models"
STEPS = ("nothing", "patterns", "linear", "encoder", "cascade")
POSTS = 1000


def main() -> None:
    """Print a table, megabytes of each step; or, given the name of a step, take it and print its two figures."""
    if sys.argv[1:]:
        take(sys.argv[1])
        return
    print(f"{'':<14}{'MB now':>10}{'MB at most':>12}   after {POSTS} posts")
    for step in STEPS:
        if step == "encoder" and not (MODELS / FOLDER).exists():
            print(f"{step:<14} is not there; the cascade is without it, too")
            continue
        command = [sys.executable, "-m", "benchmarks.memory", step]
        now, most = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        print(f"{step:<14}{int(now) / 1024:>10.0f}{int(most) / 1024:>12.0f}")


def take(step: str) -> None:
    """Judge with the classifier called ``step`` and print the kilobytes that are in use and that were at most."""
    texts = [example.text for example in read(MODELS / "corpus")][:: max(1, 16_000 // POSTS)][:POSTS]
    if step != "nothing":
        classifier = make_classifier(step, models=MODELS)
        for start in range(0, len(texts), 500):
            classifier.classify(texts[start : start + 500])
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    print(*(status[name].split()[0] for name in ("VmRSS", "VmHWM")))


if __name__ == "__main__":
    main()
