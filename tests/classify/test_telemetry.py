"""Nothing leaves the machine by way of a library."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from classify.encoder.scoring import onnxruntime
from turvakt.settings import ROOT
(model,) = (ROOT / "models" / "encoder").glob("*.onnx")
onnxruntime.InferenceSession(model)
"""
HIDDEN = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}


def test_onnx_runtime_keeps_no_identifier_to_report(tmp_path: Path) -> None:
    """It would lie in the home folder, from the first session on."""
    environment = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment | {"HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.rglob("*")) == []
