package sphereface

import kotlin.math.ceil
import kotlin.math.max

/** Views of one size that together cover a picture. */
class Level(val side: Double, val views: List<PictureView>)

private const val MAX_VIEWS = 1024
private const val MARGIN = 0.02

/** Views of the whole picture, of halves, of quarters and so on. */
fun planLevels(picture: Picture, smallest: Double, minFace: Double): List<Level> {
    val longest = max(picture.width, picture.height).toDouble()
    val levels = mutableListOf(Level(longest, listOf(PictureView.whole(picture))))
    var side = longest
    var total = 1
    while (smallest * side > minFace * longest * (1 + 1e-9)) {
        side = max(side / 2, minFace * longest / smallest)
        val xs = middles(picture.width, side)
        val ys = middles(picture.height, side)
        total += xs.size * ys.size
        if (total > MAX_VIEWS) break
        levels += Level(side, ys.flatMap { y -> xs.map { x -> PictureView(x, y, side) } })
    }
    return levels
}

/** Middles of views along one side of the picture, half a view apart. */
private fun middles(length: Int, side: Double): List<Double> {
    if (length <= side) return listOf((length - 1) / 2.0)
    val count = ceil((length - side) / (side / 2)).toInt() + 1
    val first = side / 2
    val last = length - side / 2
    return List(count) { first + it * ((last - first) / (count - 1)) - 0.5 }
}

/** Whether an upright view has the whole of a box, as far as the picture has. */
fun isWhole(box: FaceBox, view: PictureView, size: Int, picture: Picture): Boolean {
    val margin = MARGIN * size
    val half = view.side / 2 + 0.5
    val (left, top, right, bottom) = box.corners.toList()
    return (view.x - half <= -0.999 || left >= -margin) &&
        (view.y - half <= -0.999 || top >= -margin) &&
        (view.x + half >= picture.width - 0.001 || right <= size + margin) &&
        (view.y + half >= picture.height - 0.001 || bottom <= size + margin)
}
