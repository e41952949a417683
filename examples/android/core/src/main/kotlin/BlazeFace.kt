package sphereface

import kotlin.math.ceil
import kotlin.math.exp
import kotlin.math.ln
import kotlin.math.min

/** What runs a detector's file: numbers in, `[regressors, logits]` out. */
interface DetectorRuntime {
    /** Height and width of the input, and how many boxes come out. */
    val size: Int
    val numAnchors: Int

    fun run(values: FloatArray): List<FloatArray>
}

/** MediaPipe's detectors: several boxes per face in a square of pixels. */
class BlazeFace(private val runtime: DetectorRuntime) {
    val size = runtime.size
    private val anchors = requireNotNull(anchorCenters(size, runtime.numAnchors)) {
        "Not a detector of the BlazeFace kind: ${runtime.numAnchors} boxes in $size pixels"
    }

    /** The least side of a face that it finds, as a share of what it is shown. */
    val smallest = if (size > SHORT_RANGE) 19.0 / 192 else 20.0 / SHORT_RANGE

    fun find(square: Picture, minScore: Double): List<FaceBox> {
        val values = FloatArray(3 * size * size) { index ->
            val shift = 16 - 8 * (index % 3)
            ((square.colors[index / 3] shr shift and 0xFF) - PIXEL_MEAN) / PIXEL_SCALE
        }
        val (regressors, logits) = runtime.run(values)
        return decode(regressors, logits, minScore)
    }

    private fun decode(regressors: FloatArray, logits: FloatArray, minScore: Double):
        List<FaceBox> {
        val least = ln(minScore / (1 - minScore))
        return anchors.indices.filter { logits[it] >= least }.map { index ->
            val (originX, originY) = anchors[index]
            fun value(at: Int) = regressors[NUM_VALUES * index + at].toDouble()
            val x = originX + value(0)
            val y = originY + value(1)
            val halfWidth = value(2) / 2
            val halfHeight = value(3) / 2
            val six = List(NUM_VALUES / 2 - 2) {
                doubleArrayOf(originX + value(4 + 2 * it), originY + value(5 + 2 * it))
            }
            FaceBox(
                doubleArrayOf(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight),
                FivePoints.ofSix(six),
                1 / (1 + exp(-min(logits[index].toDouble(), MAX_LOGIT)))
            )
        }
    }

    companion object {
        const val NUM_VALUES = 16 // middle, width and height, six points
        private const val PIXEL_MEAN = 127.5f
        private const val PIXEL_SCALE = 127.5f
        private const val SHORT_RANGE = 128
        private const val MAX_LOGIT = 100.0

        // Stride and anchors per cell of the grids of MediaPipe's networks.
        private val LAYOUTS = listOf(listOf(4 to 1), listOf(8 to 2, 16 to 6))

        /** Where boxes are counted from; null if no such network has so many. */
        fun anchorCenters(size: Int, numAnchors: Int): List<DoubleArray>? =
            LAYOUTS.map { layout ->
                layout.flatMap { (stride, count) ->
                    val cells = ceil(size.toDouble() / stride).toInt()
                    val width = size.toDouble() / cells
                    List(cells * cells * count) {
                        val cell = it / count
                        doubleArrayOf((cell % cells + 0.5) * width, (cell / cells + 0.5) * width)
                    }
                }
            }.find { it.size == numAnchors }
    }
}
