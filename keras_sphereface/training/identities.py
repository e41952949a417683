"""What the labels of a run mean, kept beside its weights."""

import json
import os

from keras_sphereface.files import write_json
from keras_sphereface.training.checkpoints import CheckpointError

FILE_NAME = "identities.json"


def read_identities(path):
    """The identities that an earlier run has saved, in order of their labels.

    Args:
        path: path of its `identities.json`.

    Returns:
        List of str.
    """
    try:
        with open(path, encoding="utf-8") as file:
            identities = json.load(file)
    except ValueError as error:
        raise ValueError(
            f"`identities` must be a JSON list of names. Received: {path} "
            f"({error})"
        ) from error
    is_list = isinstance(identities, list) and identities
    if not is_list or not all(isinstance(name, str) for name in identities):
        raise ValueError(
            f"`identities` must be a JSON list of names. Received: {path}"
        )
    return identities


def keep_identities(workdir, identities, *, is_resumed):
    """Writes `identities.json`, or compares it if a run is resumed.

    Args:
        workdir: path of the folder of the run.
        identities: list of str.
        is_resumed: bool.
    """
    path = os.path.join(workdir, FILE_NAME)
    if is_resumed and os.path.exists(path):
        before = read_identities(path)
        if before != identities:
            raise CheckpointError(
                f"{workdir} holds an unfinished run whose labels meant others: "
                f"{len(before)} identities then, {len(identities)} now, in "
                "another order or with other names. Give another workdir, or "
                "bring back the training set"
            )
        return
    write_json(path, identities)
