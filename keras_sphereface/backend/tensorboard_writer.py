import importlib.util


class TensorBoardWriter:
    """Writes scalars and histograms for TensorBoard.

    Args:
        log_dir: folder, as in `keras.callbacks.TensorBoard`.
    """

    def __init__(self, log_dir):
        import tensorflow as tf

        if importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "`log_dir` needs TensorBoard: "
                "pip install 'keras-sphereface[tensorboard]'"
            )
        self._summary = tf.summary
        self._writer = tf.summary.create_file_writer(str(log_dir))

    def write(self, step, scalars, histograms):
        """Adds one step.

        Args:
            step: int.
            scalars: dict of str to float.
            histograms: dict of str to array.
        """
        with self._writer.as_default(step=step):
            for name, value in scalars.items():
                self._summary.scalar(name, value)
            for name, values in histograms.items():
                self._summary.histogram(name, values)
        self._writer.flush()

    def close(self):
        """Closes the file."""
        self._writer.close()
