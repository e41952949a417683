package sphereface

/** Five points of a face, and how they come from six of another detector. */
object FivePoints {
    /** Where detectors look: `ks.contract.FIVE_POINT_TEMPLATE`. A model has its own. */
    val TEMPLATE = pairs(
        38.2946f, 51.6963f, 73.5318f, 51.5014f, 56.0252f, 71.7366f,
        41.5493f, 92.3655f, 70.7299f, 92.2041f
    )

    // Where six-point detectors have eyes, tip of the nose, middle of the mouth.
    private val MEANS = pairs(37.5f, 53.5f, 73.5f, 53.5f, 55.5f, 76.5f, 55.5f, 92.5f)
    private val PARTNERS = intArrayOf(0, 1, 2, 3, 3)

    /** Each point moved by the mean difference, in size and direction of the face. */
    fun ofSix(points: List<DoubleArray>): List<DoubleArray> {
        val four = points.take(MEANS.size)
        val fit = Similarity(MEANS, four)
        return TEMPLATE.mapIndexed { index, target ->
            val partner = PARTNERS[index]
            val u = target[0] - MEANS[partner][0]
            val v = target[1] - MEANS[partner][1]
            val (x, y) = four[partner]
            doubleArrayOf(x + fit.a * u - fit.b * v, y + fit.b * u + fit.a * v)
        }
    }

    private fun pairs(vararg numbers: Float) = numbers.toList().chunked(2).map {
        doubleArrayOf(it[0].toDouble(), it[1].toDouble())
    }
}
