"""The error of an export that went wrong."""


class ExportError(RuntimeError):
    """An artifact that could not be made, or does not equal its model.

    Wrong arguments are a `ValueError`; this is for what shows only on the way,
    such as an operation TFLite lacks, or scores that differ from Keras's.
    """
