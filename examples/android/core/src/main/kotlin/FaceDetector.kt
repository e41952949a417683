package sphereface

import kotlin.math.abs
import kotlin.math.round

/** Finds the face that a photograph is of: `ks.edge.FaceDetector.find_one`. */
class FaceDetector(runtime: DetectorRuntime) {
    private val network = BlazeFace(runtime)
    private val secondLook = SecondLook(network)

    /** The most prominent face, or null if there is none. Not thread-safe. */
    fun findOne(picture: Picture): FaceBox? {
        val found = mutableListOf<FaceBox>()
        for (level in planLevels(picture, network.smallest, MIN_FACE)) {
            for (view in level.views) {
                found += find(picture, view)
                    .filter { isWhole(it, view, network.size, picture) }
                    .map { toPicture(it, view) }
            }
            // Faces smaller than this are not looked for yet.
            val unseen = network.smallest * level.side * CERTAIN
            mostProminent(merge(found), picture, unseen)?.let { return it }
        }
        return mostProminent(merge(found), picture, 0.0)
            ?: mostProminent(lookTurned(picture), picture, 0.0)
    }

    private fun merge(found: List<FaceBox>) = suppress(keepSure(found, MIN_SCORE))

    private fun find(picture: Picture, view: PictureView) =
        merge(network.find(view.cut(picture, network.size), MIN_SCORE))

    /** The first face by prominence that a close look confirms. */
    private fun mostProminent(faces: List<FaceBox>, picture: Picture, atLeast: Double): FaceBox? {
        for (face in faces.sortedByDescending { it.prominence(picture) }) {
            if (face.prominence(picture) < atLeast) return null
            val points = secondLook.look(picture, face.points) ?: continue
            return FaceBox(face.corners, points, face.score)
        }
        return null
    }

    /** What is in the turned picture, at the turn of the surest face. */
    private fun lookTurned(picture: Picture): List<FaceBox> {
        val found = TURNS.map { degrees ->
            val view = PictureView.whole(picture, degrees)
            find(picture, view).map { toPicture(it, view) }
        }
        return found.sortedByDescending { it.firstOrNull()?.score ?: 0.0 }.first()
    }

    /** A box of a view in the picture; an upright one around a turned one. */
    private fun toPicture(box: FaceBox, view: PictureView): FaceBox {
        val (left, top, right, bottom) = box.corners.toList()
        val middle = doubleArrayOf((left + right) / 2, (top + bottom) / 2)
        val (x, y) = view.toPicture(middle, network.size)
        val scale = view.side / network.size / 2
        // A quarter turn exchanges width and height.
        val isQuarter = abs(round(view.degrees / 90)) % 2 == 1.0
        val width = scale * (if (isQuarter) bottom - top else right - left)
        val height = scale * (if (isQuarter) right - left else bottom - top)
        return FaceBox(
            doubleArrayOf(x - width, y - height, x + width, y + height),
            box.points.map { view.toPicture(it, network.size) },
            box.score
        )
    }

    companion object {
        private const val MIN_SCORE = 0.5
        private const val MIN_FACE = 0.05 // of the picture's longer side
        private const val CERTAIN = 0.5
        private val TURNS = listOf(90.0, -90.0, 180.0, 45.0, -45.0, 135.0, -135.0)
    }
}
