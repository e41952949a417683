r"""Trains SphereFace-R, verifies unseen people, exports, verifies on the edge.

With no flags: two minutes on two cores, on faces drawn as they are needed.

    python examples/train_casia.py

On real faces, aligned to 112x112, one folder per identity, or the train.rec of
InsightFace, or TFRecords of tools/make_tfrecords.py, with pairs of other people
as `PairSet.from_file` reads them (a .bin needs no --pairs_root);
`examples/configs/` has recipes, and `--config.PART.SETTING=VALUE` changes one
setting:

    python examples/train_casia.py --config=examples/configs/casia_sfnet20.py \
        --data_dir=casia --pairs=pairs.txt --pairs_root=lfw \
        --config.head.margin=1.5

Another head or optimizer brings its own defaults. Several --pairs are each
verified; the thresholds of the exported files are measured on the first, or on
--config.data.main_pairs:

    python examples/train_casia.py --config=examples/configs/casia_sfnet20.py \
        --data_dir=casia --pairs=lfw.bin --pairs=cfp_fp.bin \
        --config.head.name=arcface --config.optimizer.name=adamw

Name a head, an optimizer or a backbone of your own by a module that Python
finds:

    PYTHONPATH=. python examples/train_casia.py \
        --config.head.name=my_heads:LinearHead --config.head.slope=0.3 \
        --config.embedder.backbone=my_backbones:plain

If killed, the same command resumes it, wherever it was: also while it exports.
"""

import dataclasses
import functools
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags
from ml_collections import config_flags

import keras_sphereface as ks

FLAGS = flags.FLAGS
SHOWN_PAIRS = 4
config_flags.DEFINE_config_file(
    "config",
    str(Path(__file__).parent / "configs" / "demo.py"),
    "A recipe; --config.PART.SETTING=VALUE changes it.",
    # Another head or optimizer may have arguments that the recipe's has not.
    lock_config=False,
    accept_new_attributes=True,
)
flags.DEFINE_string(
    "data_dir",
    None,
    "One folder per identity, or train.rec, or TFRecords; short for "
    "--config.data.folder.",
)
flags.DEFINE_multi_string(
    "pairs",
    None,
    "Pairs of people not trained on: pairs.txt, .bin, .csv or CFP's folder; "
    "once for each set; short for --config.data.pairs.",
)
flags.DEFINE_string(
    "pairs_root",
    None,
    "Folder of the images in --pairs; short for --config.data.pairs_root.",
)
flags.DEFINE_string("workdir", "runs/casia", "Where everything is written.")


def config_from_flags():
    """The recipe, with what the flags change."""
    pairs = FLAGS.pairs or [None]
    short = {
        "folder": FLAGS.data_dir,
        "pairs": pairs[0] if len(pairs) == 1 else tuple(pairs),
        "pairs_root": FLAGS.pairs_root,
    }
    content = FLAGS.config
    for name, value in short.items():
        if value is not None:
            content.data[name] = value
    return ks.training.from_config_dict(content)


def export_models(result, workdir):
    """Writes the SavedModel and the TFLite file; returns their reports."""
    embedder, training = result.recognizer.embedder, result.report["config"]
    pairs = result.faces.pairs
    faces = None if pairs is None else pairs.images[:200]
    saved_model = ks.export.export_saved_model(
        embedder,
        workdir / "saved_model",
        operating_points=result.after,
        training=training,
        faces=faces,
        pairs=pairs,
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


def verification_reports(result):
    """The reports of a run, by the pair set if it has several."""
    reports = {}
    for name in result.faces.pair_sets:
        of_set = f"{name}, " if len(result.faces.pair_sets) > 1 else ""
        reports[f"{of_set}untrained"] = result.reports_before[name]
        reports[f"{of_set}trained"] = result.reports_after[name]
    return reports


def write_report_page(result, path):
    """Tables, curves and the hardest pairs of each pair set, on one page."""
    embed = ks.models.embedding_function(result.recognizer.embedder)
    full_reports = {
        name: ks.evaluation.full_report(embed, pairs, name=name)
        for name, pairs in result.faces.pair_sets.items()
    }
    ks.reports.write_html_report(path, full_reports)


def verify_on_the_edge(path, pairs, picture):
    """Decides all pairs with the file alone, as a phone would; shows some."""
    verifier = ks.edge.FaceVerifier(path)
    point = verifier.operating_point
    if point is None:
        print("The pairs are too few for a threshold; nothing was decided.")
        return
    scores = ks.evaluation.score_pairs(
        verifier.embed, pairs, face_input=verifier.manifest.input
    )
    said_same = scores >= point.threshold
    verdicts = []
    for kind, is_same in (("one person", True), ("two people", False)):
        of_kind = (pairs.is_same == is_same).nonzero()[0]
        right = int((said_same[of_kind] == is_same).sum())
        print(
            f"  given {kind}, it is right in {right:,} of {len(of_kind):,} "
            "pairs:"
        )
        for pair in of_kind[:: max(len(of_kind) // SHOWN_PAIRS, 1)]:
            if sum(v.is_same == is_same for v in verdicts) == SHOWN_PAIRS:
                break
            a, b = (
                pairs.images[index[pair]]
                for index in (pairs.index_a, pairs.index_b)
            )
            found = verifier.verify(a, b)
            verdicts.append(
                ks.reports.Verdict(a, b, is_same, found.same, found.score)
            )
            words = "same person" if found.same else "different people"
            print(
                f"    {words}, score {found.score:.4f}, probability "
                f"{found.probability:.3f}"
            )
    print(f"  It decides by {describe_threshold(point)}.")
    title = f"score >= {point.threshold:.3f}, FAR {point.far:g}"
    ks.reports.plot_verdicts(verdicts, picture, title)


def describe_threshold(point):
    """An operating point, and what it rests on."""
    low, high = point.far_interval
    return (
        f"score >= {point.threshold:.4f}, FAR {point.far:g} [{low:.2g}, "
        f"{high:.2g}] on {point.data}, {'' if point.is_steady else 'UN'}STEADY:"
        f" it rests on {point.impostors_above} of {point.impostor_pairs:,} "
        "pairs of two people"
    )


def export(result, workdir):
    """Writes all that is made of a trained recognizer."""
    saved_model, litert = export_models(result, workdir)
    artifacts = {
        "saved_model": dataclasses.asdict(saved_model),
        "litert": dataclasses.asdict(litert),
    }
    print(f"\n{saved_model}\n{litert}\n")
    if result.after is not None:
        reports = verification_reports(result)
        print(ks.evaluation.compare_reports(reports))
        ks.reports.plot_roc(reports, workdir / "roc.png")
        write_report_page(result, workdir / "report.html")
        pairs = result.faces.pairs
        print(
            f"\n{litert.path}, run without TensorFlow: scores within "
            f"{litert.pairs['score_error']:.1e} of Keras on {len(pairs):,} "
            "pairs"
        )
        verify_on_the_edge(litert.path, pairs, workdir / "verdicts.png")
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


def main(_):
    config, workdir = config_from_flags(), Path(FLAGS.workdir)
    print(
        f"{'Opening' if config.data.folder else 'Drawing'} faces and verifying "
        "the untrained embedder; then training.",
        flush=True,
    )
    try:
        ks.training.train(
            config, workdir, export=functools.partial(export, workdir=workdir)
        )
    except (ks.training.DivergenceError, ks.files.FolderInUseError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    app.run(main)
