"""EdgeFace as its authors save it, by the names of timm's EdgeNeXt."""

from functools import partial

from keras_sphereface import backbones
from keras_sphereface.interop.family import (
    Family,
    NetworkPlan,
    Pair,
    count_modules,
)
from keras_sphereface.interop.registry import register

_STAGES = (1, 2, 3, 4)
_PUBLISHED = {
    (24, 48, 88, 168): "edgeface_xxs",
    (32, 64, 100, 192): "edgeface_xs",
    (48, 96, 160, 304): "edgeface_s",
    (80, 160, 288, 584): "edgeface_base",
}


def _dense_pairs(state, layer, source, reduce=None):
    """Pairs of a dense layer, of two where it is of low rank."""
    if f"{source}.linear1.weight" not in state:
        return [Pair(layer, source, "dense")]
    return [
        Pair(reduce or f"{layer}_reduce", f"{source}.linear1", "dense"),
        Pair(layer, f"{source}.linear2", "dense"),
    ]


def _conv_block_pairs(state, layer, source):
    return [
        Pair(f"{layer}_depthwise", f"{source}.conv_dw", "conv"),
        *_mlp_pairs(state, layer, source),
    ]


def _attention_block_pairs(state, layer, source):
    pairs = [
        Pair(f"{layer}_depthwise{n + 1}", f"{source}.convs.{n}", "conv")
        for n in range(count_modules(state, f"{source}.convs.{{}}.weight"))
    ]
    positions = f"{source}.pos_embd.token_projection"
    if f"{positions}.weight" in state:
        pairs.append(Pair(f"{layer}_positions", positions, "dense"))
    return [
        *pairs,
        Pair(f"{layer}_attention_norm", f"{source}.norm_xca", "ln"),
        *_dense_pairs(state, f"{layer}_qkv", f"{source}.xca.qkv"),
        Pair(f"{layer}_attention", f"{source}.xca", "attention"),
        *_dense_pairs(state, f"{layer}_project", f"{source}.xca.proj"),
        Pair(f"{layer}_attention_scale", source, "attention_scale"),
        *_mlp_pairs(state, layer, source),
    ]


def _mlp_pairs(state, layer, source):
    return [
        Pair(f"{layer}_norm", f"{source}.norm", "ln"),
        *_dense_pairs(state, f"{layer}_mlp1", f"{source}.mlp.fc1"),
        *_dense_pairs(state, f"{layer}_mlp2", f"{source}.mlp.fc2"),
        Pair(f"{layer}_scale", source, "scale"),
    ]


def _depths(state):
    return tuple(
        count_modules(state, f"stages.{stage - 1}.blocks.{{}}.gamma")
        for stage in _STAGES
    )


def _pairs(state):
    pairs = [Pair("stem", "stem.0", "conv"), Pair("stem_norm", "stem.1", "ln")]
    for stage, depth in zip(_STAGES, _depths(state), strict=True):
        source = f"stages.{stage - 1}"
        if stage > 1:
            pairs += [
                Pair(f"stage{stage}_down_norm", f"{source}.downsample.0", "ln"),
                Pair(f"stage{stage}_down", f"{source}.downsample.1", "conv"),
            ]
        for block in range(depth):
            has_attention = f"{source}.blocks.{block}.xca.temperature" in state
            pairs_of = (
                _attention_block_pairs if has_attention else _conv_block_pairs
            )
            pairs += pairs_of(
                state,
                f"stage{stage}_block{block + 1}",
                f"{source}.blocks.{block}",
            )
    return [
        *pairs,
        Pair("norm", "head.norm", "ln"),
        *_dense_pairs(state, "neck_dense", "head.fc", reduce="feature"),
    ]


def _rank_ratio(state):
    """A share of which all ranks of the file are the whole part, or `None`."""
    low, high = 0.0, 1.0
    ending = ".linear1.weight"
    for name, first in state.items():
        if not name.endswith(ending):
            continue
        second = state[f"{name.removesuffix(ending)}.linear2.weight"]
        rank, size = first.shape[0], min(first.shape[1], second.shape[0])
        if rank > 2:  # the least, whatever the share
            low = max(low, rank / size)
        high = min(high, (rank + 1) / size)
    is_low = any(name.endswith(ending) for name in state)
    # Not `low`, which a rounded product may miss.
    return (low + high) / 2 if is_low else None


def _plan(state):
    depths = _depths(state)
    channels = tuple(
        state[f"stages.{stage - 1}.blocks.0.norm.weight"].shape[0]
        for stage in _STAGES
    )
    attention = f"stages.3.blocks.{depths[-1] - 1}.xca.temperature"
    last = state.get("head.fc.linear2.weight")
    if last is None:
        last = state["head.fc.weight"]
    return NetworkPlan(
        build=partial(
            backbones.edgeface,
            channels,
            depths=depths,
            num_heads=state[attention].shape[0],
            rank_ratio=_rank_ratio(state),
            name=_PUBLISHED.get(channels, "edgeface"),
        ),
        embedding_dim=last.shape[0],
        neck="linear",
        batch_norm=False,
        map_places=None,
    )


EDGEFACE = register(
    Family(
        name="edgeface",
        # ConvNeXts of timm have these names too, but attend nowhere.
        signature=(
            "stages.0.blocks.0.conv_dw.weight",
            "stem.0.weight",
            "head.norm.weight",
        ),
        pairs=_pairs,
        plan=_plan,
    )
)
