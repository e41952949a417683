// What the tests ask of the Kotlin: verify, enrol, identify; files in a folder.

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import sphereface.FaceDetector
import sphereface.FaceVerifier
import sphereface.Gallery
import sphereface.GalleryFile
import sphereface.Picture
import sphereface.android.LiteRTDetector
import sphereface.android.LiteRTEmbedder

val FOLDER = File(System.getProperty("folder"))

/** Pixels behind their width and height, two numbers of four bytes. */
fun picture(name: String): Picture {
    val file = ByteBuffer.wrap(File(FOLDER, name).readBytes()).order(ByteOrder.LITTLE_ENDIAN)
    val width = file.getInt()
    val height = file.getInt()
    return Picture(width, height, IntArray(width * height) {
        (0..2).fold(0xFF) { color, _ -> color shl 8 or (file.get().toInt() and 0xFF) }
    })
}

fun model(file: File): ByteBuffer {
    val content = file.readBytes()
    val model = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder())
    model.put(content).rewind()
    return model
}

fun main(arguments: Array<String>) {
    val embedder = LiteRTEmbedder(model(File(FOLDER, "face.tflite")))
    val detector = LiteRTDetector(ByteBuffer.allocateDirect(1).order(ByteOrder.nativeOrder()))
    val far = arguments.getOrNull(0)?.toDouble()
    FaceVerifier(embedder.manifest, embedder, FaceDetector(detector), far).use { verifier ->
        val a = verifier.crop(picture("a"))
        val b = picture("b")
        File(FOLDER, "crop").writeBytes(ByteArray(3 * a.colors.size) {
            (a.colors[it / 3] shr (16 - 8 * (it % 3))).toByte()
        })
        val answer = verifier.verify(a, b)
        println("${answer.score} ${answer.threshold} ${answer.far} ${answer.same}")
        val gallery = GalleryFile.read(File(FOLDER, "python.gallery").readBytes())
        val found = verifier.identify(a, gallery)
        val best = found.candidates[0]
        println("${found.name} ${best.name} ${best.score} ${found.falseAlarmRate}")
        verifier.enrol(gallery, "Zoë", a)
        File(FOLDER, "kotlin.gallery").writeBytes(GalleryFile.write(gallery))
        try {
            gallery.checkModel(verifier.model.copy(quantization = "int8"))
        } catch (error: IllegalArgumentException) {
            println(error.message)
        }
    }
}
