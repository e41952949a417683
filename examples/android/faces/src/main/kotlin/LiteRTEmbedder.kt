package sphereface.android

import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.DataType
import org.tensorflow.lite.Interpreter
import sphereface.Embedder
import sphereface.FaceManifest
import sphereface.Picture

/**
 * An exported file in LiteRT.
 *
 * @param model the file, memory-mapped or direct and in native order.
 */
class LiteRTEmbedder(model: ByteBuffer) : Embedder {
    val manifest = FaceManifest.read(model)
    private val interpreter = Interpreter(model, Interpreter.Options().setNumThreads(2))
    private val isUint8 = manifest.dtype == "uint8"

    init {
        val images = interpreter.getInputTensorFromSignature("images", EMBED)
        val shape = intArrayOf(1, manifest.height, manifest.width, 3)
        val type = if (isUint8) DataType.UINT8 else DataType.FLOAT32
        check(images.shape().contentEquals(shape) && images.dataType() == type) {
            "The manifest contradicts the model"
        }
    }

    override fun run(face: Picture): FloatArray {
        require(face.width == manifest.width && face.height == manifest.height) {
            "A face must be aligned to ${manifest.width} x ${manifest.height}"
        }
        val embeddings = arrayOf(FloatArray(manifest.embeddingDim))
        interpreter.runSignature(
            mapOf("images" to pixels(face)),
            mapOf("embeddings" to embeddings),
            EMBED
        )
        return embeddings[0]
    }

    override fun close() = interpreter.close()

    private fun pixels(face: Picture): ByteBuffer {
        val size = 3 * face.colors.size * (if (isUint8) 1 else 4)
        val buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder())
        for (color in face.colors) {
            for (shift in intArrayOf(16, 8, 0)) { // red, green, blue
                val value = color shr shift and 0xFF
                if (isUint8) buffer.put(value.toByte()) else buffer.putFloat(value.toFloat())
            }
        }
        buffer.rewind()
        return buffer
    }

    companion object {
        const val EMBED = "embed"
    }
}
