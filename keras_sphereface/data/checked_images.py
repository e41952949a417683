"""Which images of a data set cannot be used, found out once."""

import numpy as np

from keras_sphereface.data import listing_cache


def examine_once(faces, path, digest):
    """The images that cannot be used; for a large set, as found before.

    Args:
        faces: `EncodedFaces`.
        path: str, folder or file of the set.
        digest: str, `listing_cache.fingerprint` that changes with the set.

    Returns:
        Dict from the position of a bad image to the reason.
    """
    is_large = len(faces) >= listing_cache.MIN_IMAGES
    key = f"{path}:examined"
    digest = listing_cache.fingerprint(digest, faces.image_size, len(faces))
    kept = listing_cache.read_listing(key, digest) if is_large else None
    if kept is not None and {"positions", "reasons", "rare"} <= set(kept):
        faces.has_rare_kinds = bool(kept["rare"])
        reasons = listing_cache.unpack_names(kept["reasons"])
        before = dict(zip(kept["positions"].tolist(), reasons, strict=True))
        # A file repaired in place is good again.
        return {
            one: reason
            for one, reason in before.items()
            if faces.examine_image(one)[1]
        }
    bad = faces.examine()
    if is_large:
        listing_cache.write_listing(
            key,
            digest,
            {
                "positions": np.array(list(bad), np.int64),
                "reasons": listing_cache.pack_names(bad.values()),
                "rare": np.array(faces.has_rare_kinds),
            },
        )
    return bad
