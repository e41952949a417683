package sphereface

/**
 * The least-squares similarity `(x, y) -> (a x - b y, b x + a y)` around the means
 * of points and of where they belong.
 */
class Similarity(points: List<DoubleArray>, targets: List<DoubleArray>) {
    val fromX = mean(points, 0)
    val fromY = mean(points, 1)
    val toX = mean(targets, 0)
    val toY = mean(targets, 1)
    val a: Double
    val b: Double

    init {
        require(points.size == targets.size) { "As many points as targets" }
        var along = 0.0
        var across = 0.0
        var spread = 0.0
        for ((from, to) in points.zip(targets)) {
            val x = from[0] - fromX
            val y = from[1] - fromY
            val u = to[0] - toX
            val v = to[1] - toY
            along += x * u + y * v
            across += x * v - y * u
            spread += x * x + y * y
        }
        a = along / spread
        b = across / spread
    }

    /** The squared scale: the better the fit, the larger. */
    val square = a * a + b * b

    private fun mean(points: List<DoubleArray>, axis: Int) = points.map { it[axis] }.average()
}
