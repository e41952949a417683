"""Averages of weights over training, beside the weights themselves."""

# Parts of names that say so: timm, DeiT, Lightning, YOLO and EMA packages.
EMA_NAMES = frozenset(
    {
        *("ema", "ema_model", "ema_state_dict", "model_ema", "net_ema"),
        *("state_dict_ema", "params_ema", "averaged_model", "swa_model"),
    }
)


def split_ema(state):
    """Weights as training left them, and their averages.

    Args:
        state: dict of str to array.

    Returns:
        `(raw, ema)`, dicts with the names of the file.
    """
    raw, ema = {}, {}
    for name, array in state.items():
        is_average = not EMA_NAMES.isdisjoint(name.split("."))
        (ema if is_average else raw)[name] = array
    return raw, ema
