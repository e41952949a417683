"""How a config differs from that of an unfinished run."""


def config_changes(before, now):
    """What is not as it was, setting by setting.

    A checkpoint is the same however many devices shared the classes of a run,
    so that is no change.

    Args:
        before: dict, `TrainConfig.to_dict` as JSON gave it back.
        now: dict, `TrainConfig.to_dict`.

    Returns:
        List of str, empty where nothing has changed.
    """
    strategies = {before.get("strategy"), now["strategy"]}
    if "class_parallel" in strategies <= {"class_parallel", "none"}:
        for name in ("strategy", "cpu_devices"):
            before = {**before, name: now[name]}
    return sorted(_differences("config", before, now))


def _differences(path, before, now):
    if isinstance(before, dict) and isinstance(now, dict):
        for name in before.keys() | now.keys():
            yield from _differences(
                f"{path}.{name}", before.get(name), now.get(name)
            )
    # JSON has made lists of tuples.
    elif before != (list(now) if isinstance(now, tuple) else now):
        yield f"{path} was {before!r}, is {now!r}"
