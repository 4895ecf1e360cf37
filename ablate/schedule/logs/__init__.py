"""Loggers: TensorBoard, MLflow and Weights & Biases are told of every trial, wherever it is trained."""

from ablate.schedule.logs.choice import open_logs
from ablate.schedule.logs.logs import Logs

__all__ = ["Logs", "open_logs"]
