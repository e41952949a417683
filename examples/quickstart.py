"""The whole flow in fifteen lines, in about a minute on two cores.

python examples/quickstart.py
"""

import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras

import keras_sphereface as ks

faces = ks.data.SyntheticFaces(num_identities=60, images_per_identity=12)
unseen = ks.data.SyntheticFaces(60, 6, first_identity=60)
images, labels = unseen.load()
pairs = ks.evaluation.PairSet.sample(images, labels, pairs_per_fold=60)

embedder = ks.build_embedding_model("mobilefacenet_small", embedding_dim=128)
head = ks.SphereFaceRHead(
    num_classes=60, variant="v2", normalization="hard", margin=1.4, scale=30.0
)
recognizer = ks.FaceRecognizer(embedder, head)
recognizer.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9))
recognizer.fit(
    ks.data.training_dataset(faces, batch_size=48),
    epochs=3,
    callbacks=[
        ks.callbacks.TrainingAlarm(),
        ks.callbacks.VerificationCallback(pairs),
    ],
)

report = ks.evaluation.evaluate_pairs(
    recognizer.embedder.predict_on_batch, pairs, name="unseen faces"
)
print(report)
path = os.path.join(tempfile.mkdtemp(), "face.tflite")
print(
    ks.export.export_litert(
        recognizer.embedder,
        path,
        quantization="int8",
        calibration=images[:100],
        operating_points=report,
    )
)
# What is usual among these drawn faces would be poor in a photograph.
usual = ks.contract.QualityLimits.of_faces(images)
verifier = ks.edge.FaceVerifier(path, far=0.1, quality=usual)
print(verifier.verify(images[0], images[1]))
