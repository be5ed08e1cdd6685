"""onnxruntime as it must be imported here: its builds since 1.29 tell Microsoft about each session unless told not to.

Its own switch for that (`disable_telemetry_events`) comes too late for the first message, and does not end the rest.
Whoever uses it otherwise, as rapidocr does, imports this module before.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, when the library loads

import onnxruntime as onnxruntime
