package sphereface

import java.nio.ByteBuffer
import org.json.JSONObject

/** What the model says about itself. */
class FaceManifest(text: String) {
    private val json = JSONObject(text)
    private val input = json.getJSONObject("input")
    private val range = input.getJSONArray("pixel_range")

    init {
        require(json.getInt("format_version") == FORMAT_VERSION) { "Another format" }
        require(input.getString("color_order") == "RGB") { "Not RGB" }
        require(range.getInt(0) == 0 && range.getInt(1) == 255) { "Not [0, 255]" }
        require(json.getString("similarity") == "cosine") { "Not cosine" }
    }

    val height = input.getInt("height")
    val width = input.getInt("width")
    val dtype: String = input.optString("dtype", "float32")
    val embeddingDim = json.getInt("embedding_dim")
    private val checksum = json.getString("checksum")

    /** The file that makes embeddings; setting thresholds again does not change it. */
    private val modelChecksum =
        if (json.isNull("model_checksum")) checksum else json.getString("model_checksum")
    private val quantization = json.getString("quantization")
    private val packageVersion = json.getString("package_version")

    /** x and y of the five landmarks in a crop, in pixels. */
    val alignment = json.getJSONArray("alignment").let { points ->
        List(points.length()) { index ->
            val point = points.getJSONArray(index)
            doubleArrayOf(point.getDouble(0), point.getDouble(1))
        }
    }

    /** The strictest first. */
    val operatingPoints = json.getJSONArray("operating_points").let { points ->
        List(points.length()) { OperatingPoint(points.getJSONObject(it)) }
    }.sortedBy { it.far }

    /** Older files have none. */
    val calibration = json.optJSONObject("calibration")?.let { Calibration(it) }

    /** The operating point at a rate, or the strictest steady one, or the loosest. */
    fun operatingPoint(far: Double?): OperatingPoint {
        val chosen =
            if (far != null) operatingPoints.find { it.far == far }
            else operatingPoints.find { it.isSteady } ?: operatingPoints.lastOrNull()
        return requireNotNull(chosen) {
            "The model was measured at ${operatingPoints.map { it.far }}, not at $far"
        }
    }

    /** Whose embeddings a gallery holds. */
    fun identity(flip: Boolean) =
        ModelIdentity(modelChecksum, embeddingDim, flip, quantization, packageVersion)

    companion object {
        const val METADATA_NAME = "keras_sphereface.manifest"
        const val FORMAT_VERSION = 1

        fun read(model: ByteBuffer): FaceManifest {
            val content = requireNotNull(metadata(model, METADATA_NAME)) {
                "The model has no keras_sphereface manifest"
            }
            return FaceManifest(String(content, Charsets.UTF_8))
        }
    }
}
