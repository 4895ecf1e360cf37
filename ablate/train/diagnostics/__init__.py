"""What is measured of a network beside its errors, without changing any of them.

A finding is plain data for the record: the `options` it was made with, tables of columns of equal length, the
`seconds` it took after the training (those of `gradients` lie within the training steps and are not counted), or the
`error` why there is none. Columns named `unit` hold positions along the network: 0 is the stem, 1 to n the units in
their order, n + 1 the head; `units` names them. Every figure has four significant digits, and is None where undefined.
"""

from ablate.train.diagnostics.diagnosis import Diagnosis

__all__ = ["Diagnosis"]
