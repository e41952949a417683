package sphereface.android

import java.io.Closeable
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.Interpreter
import sphereface.BlazeFace
import sphereface.DetectorRuntime

/**
 * MediaPipe's `face_detection_*.tflite` in LiteRT.
 *
 * @param model the file, memory-mapped or direct and in native order.
 */
class LiteRTDetector(model: ByteBuffer) : DetectorRuntime, Closeable {
    private val interpreter = Interpreter(model, Interpreter.Options().setNumThreads(2))
    private val regressors = outputOf(BlazeFace.NUM_VALUES)
    private val logits = outputOf(1)
    override val size = interpreter.getInputTensor(0).shape()[1]
    override val numAnchors = interpreter.getOutputTensor(logits).shape()[1]

    override fun run(values: FloatArray): List<FloatArray> {
        val pixels = ByteBuffer.allocateDirect(4 * values.size).order(ByteOrder.nativeOrder())
        values.forEach { pixels.putFloat(it) }
        pixels.rewind()
        val outputs = listOf(regressors to BlazeFace.NUM_VALUES, logits to 1).associate {
            it.first to ByteBuffer.allocateDirect(4 * numAnchors * it.second)
                .order(ByteOrder.nativeOrder())
        }
        interpreter.runForMultipleInputsOutputs(arrayOf<Any>(pixels), outputs)
        return listOf(regressors, logits).map { index ->
            val found = outputs.getValue(index)
            found.rewind()
            FloatArray(found.remaining() / 4) { found.getFloat() }
        }
    }

    override fun close() = interpreter.close()

    private fun outputOf(width: Int): Int {
        val outputs = 0 until interpreter.outputTensorCount
        return requireNotNull(
            outputs.find { interpreter.getOutputTensor(it).shape().last() == width }
        ) { "Not a detector of the BlazeFace kind" }
    }
}
