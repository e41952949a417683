package sphereface

import kotlin.math.abs
import kotlin.math.hypot
import kotlin.math.max
import kotlin.math.min
import kotlin.math.pow
import kotlin.math.sqrt

/**
 * One face: its box as left, top, right and bottom; x and y of left eye, right eye,
 * nose, left and right corner of the mouth; how sure the network is.
 */
class FaceBox(val corners: DoubleArray, val points: List<DoubleArray>, val score: Double) {
    val area = (corners[2] - corners[0]) * (corners[3] - corners[1])

    val isSane = corners[2] > corners[0] && corners[3] > corners[1] &&
        (points + listOf(corners)).all { all -> all.all { abs(it) < FARTHEST } }

    /** How much this is the face that its picture is of. */
    fun prominence(picture: Picture): Double {
        val x = (corners[0] + corners[2] - picture.width) / 2
        val y = (corners[1] + corners[3] - picture.height) / 2
        val distance = hypot(x, y) / hypot(picture.width.toDouble(), picture.height.toDouble())
        return sqrt(max(0.0, area)) / (1 + (distance / HALF_WAY).pow(2))
    }

    /** Intersection over union. */
    fun overlap(other: FaceBox): Double {
        val width = min(corners[2], other.corners[2]) - max(corners[0], other.corners[0])
        val height = min(corners[3], other.corners[3]) - max(corners[1], other.corners[1])
        val shared = max(width, 0.0) * max(height, 0.0)
        return shared / (area + other.area - shared)
    }

    companion object {
        private const val FARTHEST = 1e6
        private const val HALF_WAY = 0.2
    }
}
