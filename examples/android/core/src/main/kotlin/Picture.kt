package sphereface

/**
 * An image as `Bitmap.getPixels` gives it: colors 0xAARRGGBB, rows from the top.
 */
class Picture(val width: Int, val height: Int, val colors: IntArray) {
    fun mirrored() = Picture(width, height, IntArray(colors.size) {
        colors[it + width - 1 - 2 * (it % width)]
    })

    /** One channel, 0 for red to 2 for blue; black outside. */
    fun channel(x: Int, y: Int, channel: Int): Int =
        if (x !in 0 until width || y !in 0 until height) 0
        else colors[y * width + x] shr (16 - 8 * channel) and 0xFF
}
