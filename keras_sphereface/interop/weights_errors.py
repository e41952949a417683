"""What goes wrong when weights come from elsewhere."""


class WeightsFileError(ValueError):
    """The file is damaged, hostile, too large or of an unknown kind."""


class WeightsMismatchError(ValueError):
    """The weights in the file are not those of the model; none was loaded.

    Args:
        message: str, what was expected.
        report: `ImportReport` with a row for every weight, or `None` where
            no network fits the file.
    """

    def __init__(self, message, report=None):
        super().__init__(message if report is None else f"{message}\n{report}")
        self.report = report
