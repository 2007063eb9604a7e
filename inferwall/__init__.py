"""The Inference Wall: the economics of AI inference, in short functions and sourced tables."""

from inferwall.architecture import Transformer, transformer
from inferwall.efficiency import IDEAL, Efficiency, named_efficiency
from inferwall.hardware import Accelerator, accelerator
from inferwall.step import Deployment, StepTime, decode_step, fits, prefill_step

__all__ = [
    "IDEAL",
    "Accelerator",
    "Deployment",
    "Efficiency",
    "StepTime",
    "Transformer",
    "accelerator",
    "decode_step",
    "fits",
    "named_efficiency",
    "prefill_step",
    "transformer",
]
__version__ = "0.1.0"
