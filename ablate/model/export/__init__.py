"""Networks for use without ablate: a readable PyTorch file, ONNX, and weights as safetensors."""

from ablate.model.export.onnx import to_onnx
from ablate.model.export.python import to_python
from ablate.model.export.weights import dump_weights, load_weights

__all__ = ["dump_weights", "load_weights", "to_onnx", "to_python"]
