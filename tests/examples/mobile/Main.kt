// Verifies the face in a picture against a crop, with the code of the README.

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

fun picture(file: File, width: Int, height: Int): Picture {
    val rgb = file.readBytes()
    return Picture(width, height, IntArray(width * height) { pixel ->
        (0..2).fold(0xFF) { color, channel ->
            color shl 8 or (rgb[3 * pixel + channel].toInt() and 0xFF)
        }
    })
}

fun main(arguments: Array<String>) {
    val folder = File(System.getProperty("folder"))
    val content = File(arguments[0]).readBytes()
    val model = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder())
    model.put(content).rewind()
    FaceVerifier(model, arguments.getOrNull(1)?.toDouble()).use { verifier ->
        val numbers = File(folder, "landmarks").readText().split(" ").map { it.toDouble() }
        val landmarks = numbers.drop(2).chunked(2).map { it.toDoubleArray() }
        val (width, height) = numbers.map { it.toInt() }
        val large = picture(File(folder, "picture"), width, height)
        val crop = align(large, landmarks, verifier.manifest)
        val other = picture(File(folder, "face"), crop.width, crop.height)
        File(folder, "crop").writeBytes(ByteArray(3 * crop.colors.size) {
            (crop.colors[it / 3] shr (16 - 8 * (it % 3))).toByte()
        })
        val answer = verifier.verify(crop, other)
        println("${answer.score} ${answer.threshold} ${answer.far} ${answer.same}")
    }
}
