import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_sphereface")
class GroupedConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D(groups=...)` for few channels per group.

    The same weights and outputs, computed as a depthwise convolution and a sum
    over the channels of a group. TensorFlow has no grouped convolution on a
    CPU outside XLA, and TFLite would unroll it into one convolution per group.

    Args:
        filters: int, output channels, a multiple of `groups`.
        kernel_size: int or two ints.
        **kwargs: those of `keras.layers.Conv2D`; `data_format` must be
            `"channels_last"`.
    """

    def __init__(self, filters, kernel_size, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        if self.data_format != "channels_last":
            raise ValueError(
                '`data_format` must be "channels_last". '
                f"Received: data_format={self.data_format!r}"
            )

    def convolution_op(self, inputs, kernel):
        height, width, group_inputs, filters = kernel.shape
        group_filters = filters // self.groups
        # Each input channel goes to the outputs of its own group.
        kernel = ops.reshape(
            kernel, (height, width, group_inputs, self.groups, group_filters)
        )
        kernel = ops.reshape(
            ops.transpose(kernel, (0, 1, 3, 2, 4)),
            (height, width, self.groups * group_inputs, group_filters),
        )
        products = ops.depthwise_conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        rows, columns = products.shape[1:3]
        sums = ops.sum(
            ops.reshape(
                products, (-1, self.groups, group_inputs, group_filters)
            ),
            axis=2,
        )
        return ops.reshape(sums, (-1, rows, columns, filters))
