"""What each classifier keeps in memory: ``python -m benchmarks.memory``.

Each is opened in a process of its own and judges the same posts there; the figures are the kernel's (``/proc/self/status``), so
they hold the interpreter and all libraries too. "nothing" is a process that has only read the posts. "scikit-learn" is the
pipeline that `benchmarks.classify` measures the speed of, without language, disguises, patterns and explanations: trained and
written by a process before, so that here, too, it is only read and judges.
"""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from classify.classifiers import make_classifier
from classify.classifiers.encoder import FOLDER
from classify.corpus import read

MODELS = Path(__file__).parent.parent / "models"
SCIKIT_LEARN = "scikit-learn"
STEPS = ("nothing", "patterns", "linear", "encoder", "cascade", SCIKIT_LEARN)
POSTS = 1000
Judge = Callable[[list[str]], object]


def main() -> None:
    """Print a table, megabytes of each step; or, given the name of a step and a file, take it and print its two figures."""
    if sys.argv[1:]:
        step, pipeline = sys.argv[1], Path(sys.argv[2])
        if step == "train":
            train(pipeline)
        else:
            take(step, pipeline)
        return
    with TemporaryDirectory() as folder:
        show(Path(folder) / "pipeline")


def show(pipeline: Path) -> None:
    """Print the table; ``pipeline`` is where scikit-learn's may be written."""
    _run("train", pipeline)
    print(f"{'':<14}{'MB now':>10}{'MB at most':>12}   after {POSTS} posts")
    for step in STEPS:
        if step == "encoder" and not (MODELS / FOLDER).exists():
            print(f"{step:<14} is not there; the cascade is without it, too")
            continue
        now, most = _run(step, pipeline).split()
        print(f"{step:<14}{int(now) / 1024:>10.0f}{int(most) / 1024:>12.0f}")


def _run(step: str, pipeline: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.memory", step, str(pipeline)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def train(pipeline: Path) -> None:
    """Train scikit-learn's pipeline and write what judges into the file ``pipeline``."""
    from benchmarks.classify import EVERY, scikit_learn  # the other steps are measured without what it imports

    pipeline.write_bytes(pickle.dumps(scikit_learn(read(MODELS / "corpus")[::EVERY])))


def _judge_of(step: str, pipeline: Path) -> Judge:
    if step != SCIKIT_LEARN:
        return make_classifier(step, models=MODELS).classify
    judge: Judge = pickle.loads(pipeline.read_bytes())  # noqa: S301  # written by us a moment ago
    return judge


def take(step: str, pipeline: Path) -> None:
    """Judge with the classifier called ``step`` and print the kilobytes that are in use and that were at most."""
    texts = [example.text for example in read(MODELS / "corpus")][:: max(1, 16_000 // POSTS)][:POSTS]
    if step != "nothing":
        judge = _judge_of(step, pipeline)
        for start in range(0, len(texts), 500):
            judge(texts[start : start + 500])
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    print(*(status[name].split()[0] for name in ("VmRSS", "VmHWM")))


if __name__ == "__main__":
    main()
