"""A Keras backbone's layers in PyTorch, to time one beside the other."""

import keras
import torch


class TorchTwin(torch.nn.Module):
    """The layers of a functional Keras model, with weights of their own.

    Args:
        model: `keras.Model` of the layers that the backbones of
            `keras_sphereface` are made of, channels last.

    Call arguments:
        images: float tensor, `(batch_size, channels, height, width)`.
    """

    def __init__(self, model):
        super().__init__()
        self.steps = []
        self.modules_by_step = torch.nn.ModuleList()
        padding = {}  # of the convolution that follows a ZeroPadding2D
        for layer in model.layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            inputs = layer.input
            inputs = inputs if isinstance(inputs, list) else [inputs]
            names = [tensor.name for tensor in inputs]
            if isinstance(layer, keras.layers.ZeroPadding2D):
                padding[layer.output.name] = layer.padding[0][0]
                self._add(torch.nn.Identity(), names, layer)
                continue
            self._add(_module(layer, padding.get(names[0])), names, layer)
        self.input_name = model.inputs[0].name
        self.output_name = model.outputs[0].name

    def _add(self, module, names, layer):
        self.modules_by_step.append(module)
        self.steps.append((names, layer.output.name))

    def forward(self, images):
        values = {self.input_name: images}
        last_use = {
            name: step
            for step, (names, _) in enumerate(self.steps)
            for name in names
        }
        for step, (names, output) in enumerate(self.steps):
            inputs = [values[name] for name in names]
            values[output] = self.modules_by_step[step](*inputs)
            for name in names:
                if last_use[name] == step:
                    values.pop(name, None)
        return values[self.output_name]


class _Sum(torch.nn.Module):
    def forward(self, left, right):
        return left + right


def _module(layer, padding):
    channels = layer.output.shape[-1]
    if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
        inputs = layer.input.shape[-1]
        is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        if padding is None:
            padding = layer.kernel_size[0] // 2
        return torch.nn.Conv2d(
            inputs,
            channels,
            layer.kernel_size,
            layer.strides,
            padding,
            groups=inputs if is_depthwise else layer.groups,
            bias=layer.use_bias,
        )
    if isinstance(layer, keras.layers.BatchNormalization):
        return torch.nn.BatchNorm2d(channels)
    if isinstance(layer, keras.layers.PReLU):
        return torch.nn.PReLU(channels)
    if isinstance(layer, keras.layers.ReLU):
        return torch.nn.ReLU()
    if isinstance(layer, keras.layers.Add):
        return _Sum()
    raise ValueError(
        "`model` must be of convolutions, batch norms, PReLU, ReLU and "
        f"additions. Received: {layer}"
    )
