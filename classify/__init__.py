import os

# Before ONNX Runtime is imported anywhere: it would report each start to its maker, with an identifier of the machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
