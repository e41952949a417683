package sphereface

import kotlin.math.floor
import kotlin.math.round

/** Cuts the upright face out of a picture. Landmarks are x and y in pixels. */
fun align(picture: Picture, landmarks: List<DoubleArray>, manifest: FaceManifest): Picture {
    val template = manifest.alignment
    require(landmarks.size == template.size) { "Five landmarks" }
    val fit = Similarity(landmarks, template)
    val mirrored = landmarks.map { doubleArrayOf(-it[0], it[1]) }
    require(fit.square > 0.5 * Similarity(mirrored, template).square) {
        "The landmarks fit a face better with left and right swapped"
    }
    val colors = IntArray(manifest.width * manifest.height) { index ->
        // Where this pixel of the crop lies in the picture.
        val u = index % manifest.width - fit.toX
        val v = index / manifest.width - fit.toY
        val x = (fit.a * u + fit.b * v) / fit.square + fit.fromX
        val y = (fit.a * v - fit.b * u) / fit.square + fit.fromY
        val left = floor(x).toInt()
        val top = floor(y).toInt()
        val right = x - left
        val bottom = y - top
        (0..2).fold(0xFF) { color, channel ->
            fun at(dx: Int, dy: Int) = picture.channel(left + dx, top + dy, channel)
            val upper = (1 - right) * at(0, 0) + right * at(1, 0)
            val lower = (1 - right) * at(0, 1) + right * at(1, 1)
            color shl 8 or round((1 - bottom) * upper + bottom * lower).toInt()
        }
    }
    return Picture(manifest.width, manifest.height, colors)
}
