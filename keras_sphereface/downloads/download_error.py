"""What goes wrong when a public file is fetched."""


class DownloadError(OSError):
    """A file that did not come, or is not the one that was registered."""
