r"""Compares heads on one data set: accuracy over seeds, and what trains at all.

    python tools/compare_heads.py --data_dir=faces --pairs=pairs.txt \
        --pairs_root=lfw --workdir=runs/study --processes=2

A study in `examples/studies/` says which heads, with which arguments, learning
rates and seeds, on which budget; `--config=` names one, also of your own, and
`--config.SETTING=VALUE` changes one setting:

    python tools/compare_heads.py \
        --config=examples/studies/stability_on_small_faces.py \
        --config.seeds='(0, 1, 2, 3, 4)' --data_dir=faces ...

Each run trains in a process of its own. If killed, the same command does what
is missing. Writes `report.html`, a page in one file, and `report.json` into
`--workdir`, and prints the table; `--report_only` does so of the runs that are
there. A head of your own goes by `module:name`, with PYTHONPATH.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags
from ml_collections import config_flags
from tqdm import tqdm

import keras_sphereface as ks

FLAGS = flags.FLAGS
config_flags.DEFINE_config_file(
    "config",
    str(
        Path(__file__).parents[1]
        / "examples"
        / "studies"
        / "heads_on_small_faces.py"
    ),
    "A study; --config.SETTING=VALUE changes it.",
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
flags.DEFINE_string("workdir", "runs/study", "Where everything is written.")
flags.DEFINE_integer("processes", 1, "Runs at a time.", lower_bound=1)
flags.DEFINE_integer(
    "threads", None, "Threads of each run; its share of the cores by default."
)
flags.DEFINE_bool("report_only", False, "Report what is there, train nothing.")


def study_from_flags():
    """The study, with what the flags change."""
    short = {
        "folder": FLAGS.data_dir,
        "pairs": FLAGS.pairs,
        "pairs_root": FLAGS.pairs_root,
    }
    content = FLAGS.config
    for name, value in short.items():
        if value is not None:
            content.data[name] = value
    return ks.training.from_config_dict(content, ks.training.HeadStudy)


def main(_):
    study, workdir = study_from_flags(), FLAGS.workdir
    if FLAGS.report_only:
        summary = ks.training.report_study(study, workdir)
    else:
        done = len(ks.training.read_runs(study, workdir))
        with tqdm(
            initial=done, total=len(study.plan()), desc="runs", unit="run"
        ) as bar:

            def show(run):
                bar.write(
                    f"{run.label}, learning rate {run.learning_rate:g}, seed "
                    f"{run.seed}: {run.failure or f'{run.accuracy:.2%}'}"
                )
                bar.update()

            try:
                summary = ks.training.compare_heads(
                    study,
                    workdir,
                    processes=FLAGS.processes,
                    threads=FLAGS.threads,
                    on_run=show,
                )
            except (ks.training.StudyError, ks.files.FolderInUseError) as error:
                sys.exit(f"error: {error}")
    print(summary)
    print(f"\nThe page is {Path(workdir) / 'report.html'}")


if __name__ == "__main__":
    app.run(main)
