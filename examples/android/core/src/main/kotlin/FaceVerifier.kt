package sphereface

import java.io.Closeable
import kotlin.math.pow
import kotlin.math.sqrt

/** What runs an embedder's file: an aligned face in, an embedding of any norm out. */
interface Embedder : Closeable {
    fun run(face: Picture): FloatArray
}

/** A decision, and what it rests on; the probability is of a calibrated file. */
class Verification(val score: Double, val point: OperatingPoint, val probability: Double?) {
    val threshold = point.threshold
    val far = point.far
    val isSteady = point.isSteady
    val same = score >= threshold
}

/** Who a face belongs to, if it is anyone in the gallery: else `name` is null. */
class Identification(val candidates: List<Candidate>, val point: OperatingPoint, crops: Int) {
    val isSteady = point.isSteady
    val name = candidates.firstOrNull()?.takeIf { it.score >= point.threshold }?.name

    /** How often a stranger gets some name, as if comparisons were independent. */
    val falseAlarmRate = 1 - (1 - point.far).pow(crops)
}

/** A photograph in which there is no face to be found. */
class NoFaceException : IllegalArgumentException(
    "There is no face that can be found: it may be too small, too dark, turned away or cut"
)

/**
 * Tells whether two faces are one person's, and whose a face is. Not thread-safe.
 *
 * Pictures of the size that the model takes are aligned crops; in others, the
 * detector finds the face.
 *
 * @param far the false accept rate to work at; the strictest steady one by default.
 */
class FaceVerifier(
    val manifest: FaceManifest,
    private val embedder: Embedder,
    private val detector: FaceDetector? = null,
    far: Double? = null
) : Closeable {
    private val point = manifest.operatingPoint(far)

    /** Of the galleries that belong to this verifier. */
    val model = manifest.identity(point.flip)

    fun verify(a: Picture, b: Picture): Verification {
        val other = embed(b)
        val score = embed(a).zip(other) { x, y -> x * y }.sum().coerceIn(-1.0, 1.0)
        return Verification(score, point, manifest.calibration?.probability(score))
    }

    fun enrol(gallery: Gallery, name: String, picture: Picture) {
        gallery.checkModel(model)
        val embedding = embed(picture)
        gallery.enrol(name, FloatArray(embedding.size) { embedding[it].toFloat() })
    }

    fun identify(picture: Picture, gallery: Gallery): Identification {
        gallery.checkModel(model)
        return Identification(gallery.search(embed(picture)), point, gallery.numCrops)
    }

    /** `embeddingDim` values of norm 1. */
    fun embed(picture: Picture): DoubleArray {
        val face = crop(picture)
        val straight = unit(embedder.run(face))
        if (!point.flip) return straight
        val mirrored = unit(embedder.run(face.mirrored()))
        return unit(DoubleArray(straight.size) { straight[it] + mirrored[it] })
    }

    /** The aligned face: the picture itself, or the face that it is of. */
    fun crop(picture: Picture): Picture {
        if (picture.width == manifest.width && picture.height == manifest.height) return picture
        requireNotNull(detector) {
            "Without a detector, a face must be aligned to ${manifest.width} x ${manifest.height}"
        }
        val face = detector.findOne(picture) ?: throw NoFaceException()
        return align(picture, face.points, manifest)
    }

    override fun close() = embedder.close()

    private fun unit(values: FloatArray) = unit(DoubleArray(values.size) { values[it].toDouble() })

    private fun unit(vector: DoubleArray): DoubleArray {
        val norm = sqrt(vector.map { it * it }.sum())
        check(norm > 0) { "An embedding of zeros has no direction" }
        return DoubleArray(vector.size) { vector[it] / norm }
    }
}
