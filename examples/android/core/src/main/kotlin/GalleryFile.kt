package sphereface

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest
import kotlin.math.abs
import org.json.JSONArray
import org.json.JSONObject

/** The bytes of a gallery, as `ks.edge.Gallery` saves and loads them. */
object GalleryFile {
    private val MAGIC = "SFGALRY\n".toByteArray()
    private const val GALLERY_VERSION = 1
    private const val DIGEST_SIZE = 32
    private const val NORM_TOLERANCE = 1e-4
    private val KEYS = setOf("format_version", "model", "num_crops", "names")

    fun read(content: ByteArray): Gallery {
        require(content.take(MAGIC.size) == MAGIC.toList()) { "This is not a gallery file" }
        val file = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN)
        val start = MAGIC.size + 8
        require(content.size > start) { DAMAGED }
        val length = file.getLong(MAGIC.size)
        require(length in 1..content.size - start) { DAMAGED }
        val header = JSONObject(String(content, start, length.toInt(), Charsets.UTF_8))
        require(header.getInt("format_version") == GALLERY_VERSION &&
            header.keys().asSequence().toSet() == KEYS) {
            "The gallery is of another kind: format ${header.opt("format_version")}; " +
                "save it in Python with float32 embeddings"
        }
        val names = header.getJSONArray("names").let { List(it.length()) { i -> it.getString(i) } }
        val gallery = Gallery(identityOf(header.getJSONObject("model")))
        val numCrops = header.getInt("num_crops")
        val dim = gallery.model.embeddingDim
        val size = start + length + 4L * numCrops * (1 + dim) + DIGEST_SIZE
        require(numCrops >= 0 && content.size.toLong() == size) { DAMAGED }
        val body = content.copyOf(content.size - DIGEST_SIZE)
        require(sha256(body).toList() == content.takeLast(DIGEST_SIZE)) {
            "$DAMAGED: its checksum differs, or it was sealed with a key"
        }
        file.position(start + length.toInt())
        val owners = IntArray(numCrops) { file.getInt() }
        require(owners.toSet() == names.indices.toSet()) { DAMAGED }
        val rows = owners.map { owner -> owner to FloatArray(dim) { file.getFloat() } }
        for ((owner, row) in rows.sortedBy { it.first }) {
            val square = row.map { it.toDouble() * it }.sum()
            require(abs(square - 1) < 2 * NORM_TOLERANCE) { "A crop is not of norm 1" }
            gallery.enrol(names[owner], row)
        }
        return gallery
    }

    fun write(gallery: Gallery): ByteArray {
        val model = JSONObject()
            .put("checksum", gallery.model.checksum)
            .put("embedding_dim", gallery.model.embeddingDim)
            .put("flip", gallery.model.flip)
            .put("quantization", gallery.model.quantization)
            .put("package_version", gallery.model.packageVersion)
        val header = JSONObject()
            .put("format_version", GALLERY_VERSION)
            .put("model", model)
            .put("num_crops", gallery.numCrops)
            .put("names", JSONArray(gallery.names))
            .toString().toByteArray()
        val size = MAGIC.size + 8 + header.size +
            4 * gallery.numCrops * (1 + gallery.model.embeddingDim)
        val body = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN)
        body.put(MAGIC).putLong(header.size.toLong()).put(header)
        gallery.names.forEachIndexed { index, name ->
            repeat(gallery.of(name).size) { body.putInt(index) }
        }
        for (name in gallery.names) {
            for (row in gallery.of(name)) row.forEach { body.putFloat(it) }
        }
        return body.array() + sha256(body.array())
    }

    private const val DAMAGED = "The gallery file is damaged or cut off"

    private fun identityOf(json: JSONObject) = ModelIdentity(
        json.getString("checksum"),
        json.getInt("embedding_dim"),
        json.getBoolean("flip"),
        json.getString("quantization"),
        json.getString("package_version")
    )

    private fun sha256(content: ByteArray) = MessageDigest.getInstance("SHA-256").digest(content)
}
