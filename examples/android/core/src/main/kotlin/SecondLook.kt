package sphereface

import kotlin.math.abs

/** A face that was found, looked at once more: upright, close, in the middle. */
class SecondLook(private val network: BlazeFace) {
    /** Steadier points, or null where a close look shows no face. */
    fun look(picture: Picture, landmarks: List<DoubleArray>): List<DoubleArray>? {
        val found = SIDES.mapNotNull { side ->
            val view = PictureView.around(landmarks, MIDDLE_X, MIDDLE_Y, side) ?: return null
            suppress(keepSure(network.find(view.cut(picture, network.size), MIN_SCORE), MIN_SCORE))
                .map { box -> box.points.map { view.toPicture(it, network.size) } }
                .filter { move(it, landmarks) * side / view.side <= MAX_MOVE }
                .sortedBy { move(it, landmarks) }
                .firstOrNull()
        }
        if (found.isEmpty()) return null
        return landmarks.indices.map { index ->
            DoubleArray(2) { axis -> found.map { it[index][axis] }.average() }
        }
    }

    private fun move(points: List<DoubleArray>, others: List<DoubleArray>) =
        points.zip(others) { a, b -> maxOf(abs(a[0] - b[0]), abs(a[1] - b[1])) }
            .fold(0.0) { most, each -> maxOf(most, each) }

    companion object {
        // In a crop of the usual size: the middle of a view, and sides of several.
        private const val MIDDLE_X = 55.5
        private const val MIDDLE_Y = 60.0
        private val SIDES = listOf(180.0, 224.0)
        private const val MIN_SCORE = 0.25
        private const val MAX_MOVE = 30.0
    }
}
