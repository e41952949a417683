r"""Trains SphereFace-R, verifies unseen people, exports, verifies on the edge.

With no flags: two minutes on two cores, on faces drawn as they are needed.

    python examples/train_casia.py

On real faces, aligned to 112x112, one folder per identity, or the train.rec of
InsightFace, or TFRecords of tools/make_tfrecords.py, with pairs of other people
in LFW's format or as a .bin (which needs no --pairs_root); `examples/configs/`
has recipes, and `--config.PART.SETTING=VALUE` changes one setting:

    python examples/train_casia.py --config=examples/configs/casia_sfnet20.py \
        --data_dir=casia --pairs=pairs.txt --pairs_root=lfw \
        --config.head.margin=1.5

Name a head or a backbone of your own by a module that Python finds:

    PYTHONPATH=. python examples/train_casia.py \
        --config.head.name=my_heads:LinearHead --config.head.slope=0.3 \
        --config.embedder.backbone=my_backbones:plain

If killed, the same command resumes it.
"""

import dataclasses
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags
from ml_collections import config_flags

import keras_sphereface as ks

FLAGS = flags.FLAGS
config_flags.DEFINE_config_file(
    "config",
    str(Path(__file__).parent / "configs" / "demo.py"),
    "A recipe; --config.PART.SETTING=VALUE changes it.",
    # A head of the user may have arguments that no recipe has.
    lock_config=False,
    accept_new_attributes=True,
)
flags.DEFINE_string(
    "data_dir",
    None,
    "One folder per identity, or train.rec, or TFRecords; short for "
    "--config.data.folder.",
)
flags.DEFINE_string(
    "pairs",
    None,
    "Pairs of people not trained on: pairs.txt, .bin, .csv or CFP's folder; "
    "short for --config.data.pairs.",
)
flags.DEFINE_string(
    "pairs_root",
    None,
    "Folder of the images in --pairs; short for --config.data.pairs_root.",
)
flags.DEFINE_string("workdir", "runs/casia", "Where everything is written.")


def config_from_flags():
    """The recipe, with what the flags change."""
    short = {
        "folder": FLAGS.data_dir,
        "pairs": FLAGS.pairs,
        "pairs_root": FLAGS.pairs_root,
    }
    content = FLAGS.config
    for name, value in short.items():
        if value is not None:
            content.data[name] = value
    return ks.training.from_config_dict(content)


def export(result, workdir):
    """Writes the SavedModel and the TFLite file; returns their reports."""
    embedder, training = result.recognizer.embedder, result.report["config"]
    pairs = result.faces.pairs
    faces = None if pairs is None else list(pairs.images[:200])
    saved_model = ks.export.export_saved_model(
        embedder,
        workdir / "saved_model",
        operating_points=result.after,
        training=training,
        faces=faces,
    )
    litert = ks.export.export_litert(
        embedder,
        workdir / "face.tflite",
        operating_points=result.after,
        training=training,
        faces=faces,
        pairs=pairs,
    )
    for artifact in (saved_model, litert):
        artifact.write()
    return saved_model, litert


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
    if not result.writes_files:
        return  # another worker does
    saved_model, litert = export(result, workdir)
    artifacts = {
        "saved_model": dataclasses.asdict(saved_model),
        "litert": dataclasses.asdict(litert),
    }
    print(f"\n{saved_model}\n{litert}\n")
    if result.after is not None:
        reports = {"untrained": result.before, "trained": result.after}
        print(ks.evaluation.compare_reports(reports))
        ks.reports.plot_roc(reports, workdir / "roc.png")
        pairs = result.faces.pairs
        print(
            f"\n{litert.path}, run without TensorFlow: scores within "
            f"{litert.pairs['score_error']:.1e} of Keras on {len(pairs):,} "
            "pairs"
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
