package sphereface

import kotlin.math.PI
import kotlin.math.abs
import kotlin.math.atan2
import kotlin.math.ceil
import kotlin.math.cos
import kotlin.math.floor
import kotlin.math.hypot
import kotlin.math.max
import kotlin.math.min
import kotlin.math.round
import kotlin.math.sin

/**
 * A square part of a picture, turned clockwise by `degrees`, around its middle.
 * Centers of pixels are at whole numbers.
 */
class PictureView(val x: Double, val y: Double, val side: Double, val degrees: Double = 0.0) {
    private val radians = degrees * PI / 180

    /** Its pixels: averaged where they shrink, then read bilinearly; black outside. */
    fun cut(picture: Picture, size: Int): Picture {
        val reach = side / 2 * (abs(cos(radians)) + abs(sin(radians))) + 1
        val columns = span(x, reach, picture.width)
        val rows = span(y, reach, picture.height)
        if (columns.isEmpty() || rows.isEmpty()) return Picture(size, size, IntArray(size * size))
        val factor = max(1, round(side / size).toInt())
        val part = shrink(picture, columns, rows, factor)
        // From here on counted from the corners of pixels of the part.
        val c = scale(size) * cos(radians) / factor
        val s = scale(size) * sin(radians) / factor
        val (originX, originY) = origin(size)
        val startX = originX / factor + (0.5 - columns.first) / factor
        val startY = originY / factor + (0.5 - rows.first) / factor
        return Picture(size, size, IntArray(size * size) { index ->
            val u = index % size + 0.5
            val v = index / size + 0.5
            sample(part, c * u - s * v + startX, s * u + c * v + startY)
        })
    }

    /** A point of the view, which is `size` wide, as a point of the picture. */
    fun toPicture(point: DoubleArray, size: Int): DoubleArray {
        val c = scale(size) * cos(radians)
        val s = scale(size) * sin(radians)
        val (originX, originY) = origin(size)
        return doubleArrayOf(
            c * point[0] - s * point[1] + originX,
            s * point[0] + c * point[1] + originY
        )
    }

    private fun scale(size: Int) = side / size

    private fun origin(size: Int): DoubleArray {
        val c = scale(size) * cos(radians)
        val s = scale(size) * sin(radians)
        val half = size / 2.0
        return doubleArrayOf(x - (c - s) * half, y - (s + c) * half)
    }

    companion object {
        private const val ONE = 1L shl 24

        /** The square around a picture. */
        fun whole(picture: Picture, degrees: Double = 0.0) = PictureView(
            (picture.width - 1) / 2.0,
            (picture.height - 1) / 2.0,
            max(picture.width, picture.height).toDouble(),
            degrees
        )

        /** Where a face stands upright at a place of its own; null if it is none. */
        fun around(landmarks: List<DoubleArray>, middleX: Double, middleY: Double, side: Double):
            PictureView? {
            val fit = Similarity(FivePoints.TEMPLATE, landmarks)
            val scale = hypot(fit.a, fit.b)
            if (!(scale >= 1e-6)) return null
            val u = middleX - fit.fromX
            val v = middleY - fit.fromY
            return PictureView(
                fit.a * u - fit.b * v + fit.toX,
                fit.b * u + fit.a * v + fit.toY,
                side * scale,
                atan2(fit.b, fit.a) * 180 / PI
            )
        }

        private fun span(middle: Double, reach: Double, length: Int): IntRange {
            val low = max(0, floor(middle - reach).toInt())
            return low until min(length, ceil(middle + reach).toInt() + 1)
        }

        /** Means over squares, with 24 bits behind the point as Pillow's. */
        private fun shrink(picture: Picture, columns: IntRange, rows: IntRange, factor: Int):
            Picture {
            val width = (columns.count() + factor - 1) / factor
            val height = (rows.count() + factor - 1) / factor
            return Picture(width, height, IntArray(width * height) { index ->
                val left = columns.first + index % width * factor
                val top = rows.first + index / width * factor
                val right = min(columns.last + 1, left + factor)
                val bottom = min(rows.last + 1, top + factor)
                val count = (right - left) * (bottom - top)
                var red = count / 2L
                var green = red
                var blue = red
                for (row in top until bottom) {
                    for (at in row * picture.width + left until row * picture.width + right) {
                        val color = picture.colors[at]
                        red += color shr 16 and 0xFF
                        green += color shr 8 and 0xFF
                        blue += color and 0xFF
                    }
                }
                val share = ONE / count
                fun mean(sum: Long) = (sum * share / ONE).toInt()
                0xFF shl 24 or (mean(red) shl 16) or (mean(green) shl 8) or mean(blue)
            })
        }

        private fun sample(part: Picture, x: Double, y: Double): Int {
            if (x < 0 || y < 0 || x >= part.width || y >= part.height) return 0xFF shl 24
            val left = floor(x - 0.5).toInt()
            val top = floor(y - 0.5).toInt()
            val right = x - 0.5 - left
            val bottom = y - 0.5 - top
            // The outermost pixels reach to the border.
            val x0 = max(left, 0)
            val x1 = min(left + 1, part.width - 1)
            val y0 = max(top, 0)
            val y1 = min(top + 1, part.height - 1)
            return (0..2).fold(0xFF) { color, channel ->
                fun at(i: Int, j: Int) = part.channel(i, j, channel)
                // In this form: a fraction is cut off, and another rounds otherwise.
                val upper = at(x0, y0) + (at(x1, y0) - at(x0, y0)) * right
                val lower = at(x0, y1) + (at(x1, y1) - at(x0, y1)) * right
                color shl 8 or (upper + (lower - upper) * bottom).toInt()
            }
        }
    }
}
