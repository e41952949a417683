"""Small sets in the files of IJB-B and IJB-C, by the rules of their makers."""

import numpy as np
from PIL import Image

# Left eye, right eye, nose, corners of the mouth, in a 112x112 crop.
UPRIGHT = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
HEADER = "TEMPLATE_ID,SUBJECT_ID,FILENAME,SIGHTING_ID\n"


def write_ijb(folder, num_people=8, size=64, name="ijbc", seed=0):
    """Writes crops and lists: half the people are in G1, half in G2.

    Each person has a template in a gallery and three as probes, of one to four
    images: stills, or frames of one video. Pairs are each gallery template
    with each probe template.

    Args:
        folder: `Path`; made.
        num_people: int.
        size: int, height and width of the crops.
        name: str, `"ijbb"` or `"ijbc"`.
        seed: int.

    Returns:
        Dict of the lists as they were written: `images, landmarks, scores,
        templates, media`, of images; `people`, of templates; `galleries,
        probes`, ids of templates.
    """
    rng = np.random.default_rng(seed)
    crops, meta = folder / "loose_crop", folder / "meta"
    crops.mkdir(parents=True)
    meta.mkdir()
    looks = rng.uniform(0, 255, (num_people, size // 8, size // 8, 3))
    images, landmarks, scores, templates, media = [], [], [], [], []
    people, rows = {}, {}
    for template in range(1, 4 * num_people + 1):
        person = (template - 1) % num_people
        people[template] = 100 + person
        rows[template] = []
        for _ in range(rng.integers(1, 5)):
            number = len(images) + 1
            noise = rng.normal(0, 60, (size, size, 3))
            look = looks[person].repeat(8, axis=0).repeat(8, axis=1)
            pixels = np.uint8(np.clip(look + noise, 0, 255))
            Image.fromarray(pixels).save(crops / f"{number}.jpg", quality=95)
            images.append(f"{number}.jpg")
            turned = UPRIGHT * size / 112 + rng.normal(0, 1.5, (5, 2))
            landmarks.append(turned)
            scores.append(rng.choice([0.1, 0.7, 0.95, 0.999]))
            templates.append(template)
            # Some media are videos, of several images.
            media.append(int(rng.integers(1, 3)) + 10 * template)
            rows[template].append(f"img/{number}.jpg")
    lines = [
        f"{image} {' '.join(f'{x:.3f}' for x in points.ravel())} {score}\n"
        for image, points, score in zip(images, landmarks, scores, strict=True)
    ]
    (meta / f"{name}_name_5pts_score.txt").write_text("".join(lines))
    lines = [
        f"{image} {template} {medium}\n"
        for image, template, medium in zip(
            images, templates, media, strict=True
        )
    ]
    (meta / f"{name}_face_tid_mid.txt").write_text("".join(lines))
    gallery = list(range(1, num_people + 1))
    probes = list(range(num_people + 1, 4 * num_people + 1))
    lines = [
        f"{a} {b} {int(people[a] == people[b])}\n"
        for a in gallery
        for b in probes
    ]
    (meta / f"{name}_template_pair_label.txt").write_text("".join(lines))
    called = {"ijbb": ("S1", "S2"), "ijbc": ("G1", "G2")}[name]
    galleries = {
        one: gallery[part::2] for part, one in enumerate(sorted(called))
    }
    files = {f"gallery_{one}": ids for one, ids in galleries.items()}
    for called, ids in {**files, "probe_mixed": probes}.items():
        text = HEADER + "".join(
            f"{template},{people[template]},{image},{template * 7}\n"
            for template in ids
            for image in rows[template]
        )
        (meta / f"{name}_1N_{called}.csv").write_text(text)
    return {
        "images": images,
        "landmarks": np.round(landmarks, 3),
        "scores": scores,
        "templates": templates,
        "media": media,
        "people": people,
        "galleries": galleries,
        "probes": probes,
    }
