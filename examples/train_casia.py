r"""Trains SphereFace-R, verifies unseen people, exports, verifies on the edge.

With no flags: two minutes on two cores, on faces drawn as they are needed.

    python examples/train_casia.py

On real faces, aligned to 112x112, one folder an identity, with LFW-format
pairs of other people:

    python examples/train_casia.py --data_dir=casia --pairs=pairs.txt \
        --pairs_root=lfw
"""

import dataclasses
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags

import keras_sphereface as ks
from keras_sphereface.training import (
    DataConfig,
    EmbedderConfig,
    HeadConfig,
    TrainConfig,
)

DEMO = TrainConfig(
    embedder=EmbedderConfig("mobilefacenet_small", embedding_dim=128),
    epochs=8,
)
REAL = TrainConfig(
    embedder=EmbedderConfig("mobilefacenet", embedding_dim=256),
    epochs=20,
)

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "data_dir", None, "One folder an identity; synthetic faces if not given."
)
flags.DEFINE_string("pairs", None, "LFW-format pairs of people not trained on.")
flags.DEFINE_string("pairs_root", None, "Folder of the images in --pairs.")
flags.DEFINE_string("workdir", "runs/casia", "Where everything is written.")
flags.DEFINE_enum("variant", "v2", ["v0", "v1", "v2"], "Of SphereFace-R.")
flags.DEFINE_enum(
    "normalization", "hard", ["none", "hard", "soft"], "Of the embeddings."
)
flags.DEFINE_float("margin", 1.4, "Angle multiplier.")
flags.DEFINE_float("scale", 30.0, "Logit scale.")
flags.DEFINE_string("backbone", None, "Default: small demo, else full.")
flags.DEFINE_integer("embedding_dim", None, "Default: 128 demo, else 256.")
flags.DEFINE_integer("epochs", None, "Default: 8 demo, else 20.")
flags.DEFINE_integer("batch_size", 64, "Images a step.")
flags.DEFINE_float("learning_rate", None, "After the warm-up.")
flags.DEFINE_integer("seed", 0, "Of weights, order, augmentation and faces.")


def config_from_flags():
    """The demo, or the run on real faces, with what the flags change."""
    base = DEMO if FLAGS.data_dir is None else REAL

    def changed(part, **values):
        given = {k: v for k, v in values.items() if v is not None}
        return dataclasses.replace(part, **given)

    return changed(
        base,
        data=DataConfig(
            folder=FLAGS.data_dir,
            pairs=FLAGS.pairs,
            pairs_root=FLAGS.pairs_root,
        ),
        embedder=changed(
            base.embedder,
            backbone=FLAGS.backbone,
            embedding_dim=FLAGS.embedding_dim,
        ),
        head=HeadConfig(
            "spherefacer",
            {
                "variant": FLAGS.variant,
                "normalization": FLAGS.normalization,
                "margin": FLAGS.margin,
                "scale": FLAGS.scale,
            },
        ),
        optimizer=changed(base.optimizer, learning_rate=FLAGS.learning_rate),
        epochs=FLAGS.epochs,
        batch_size=FLAGS.batch_size,
        seed=FLAGS.seed,
    )


def export(result, workdir):
    """Writes the SavedModel and the TFLite file; returns their reports."""
    embedder, training = result.recognizer.embedder, result.report["config"]
    saved_model = ks.export.export_saved_model(
        embedder,
        workdir / "saved_model",
        operating_points=result.after,
        training=training,
    )
    litert = ks.export.export_litert(
        embedder,
        workdir / "face.tflite",
        operating_points=result.after,
        training=training,
    )
    return saved_model, litert


def compare_scores(embedder, path, pairs):
    """Largest difference of a pair's score between Keras and the file."""
    keras_scores, litert_scores = (
        ks.evaluation.score_pairs(embed, pairs)
        for embed in (
            embedder.predict_on_batch,
            ks.edge.FaceVerifier(path).embed,
        )
    )
    return float(abs(keras_scores - litert_scores).max())


def verify_on_the_edge(path, report, pairs):
    """Shows one pair of each kind to the file alone, as a phone would."""
    measured = (point.far for point in report.operating_points)
    far = min((far for far in measured if far >= 0.01), default=None)
    verifier = ks.edge.FaceVerifier(path, far=far)
    for kind, is_same in (("one person", True), ("two people", False)):
        pair = int((pairs.is_same == is_same).argmax())
        verification = verifier.verify(
            pairs.images[pairs.index_a[pair]], pairs.images[pairs.index_b[pair]]
        )
        print(f"  given {kind}, it says {verification}")


def main(_):
    config, workdir = config_from_flags(), Path(FLAGS.workdir)
    print(
        f"{'Opening' if config.data.folder else 'Drawing'} faces and verifying "
        "the untrained embedder; then training.",
        flush=True,
    )
    result = ks.training.train(config, workdir)
    saved_model, litert = export(result, workdir)
    artifacts = {
        "saved_model": dataclasses.asdict(saved_model),
        "litert": dataclasses.asdict(litert),
    }
    print(f"\n{saved_model}\n{litert}\n")
    if result.after is not None:
        reports = {"untrained": result.before, "trained": result.after}
        print(ks.evaluation.compare_reports(reports))
        ks.evaluation.plot_roc(reports, workdir / "roc.png")
        pairs = result.faces.pairs
        error = compare_scores(result.recognizer.embedder, litert.path, pairs)
        artifacts["litert"]["largest_score_difference"] = error
        print(
            f"\n{litert.path}, run without TensorFlow: scores within "
            f"{error:.1e} of Keras on {len(pairs):,} pairs"
        )
        verify_on_the_edge(litert.path, result.after, pairs)
    ks.files.write_json(
        workdir / "report.json", {**result.report, "artifacts": artifacts}
    )
    print(
        f"\nEverything is in {workdir}. Next, two faces of your own, then a "
        "training set of your own:\n"
        f"  python tools/verify_edge.py --model={litert.path} "
        "--image_a=A.jpg --image_b=B.jpg\n"
        "  python examples/train_casia.py --data_dir=FOLDER "
        "--pairs=PAIRS.txt --pairs_root=FOLDER"
    )


if __name__ == "__main__":
    app.run(main)
