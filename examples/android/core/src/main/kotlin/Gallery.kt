package sphereface

/** Somebody in the gallery, and how much a face looks like them. */
class Candidate(val name: String, val score: Double)

/** The file that makes embeddings, and how it is used. */
data class ModelIdentity(
    val checksum: String,
    val embeddingDim: Int,
    val flip: Boolean,
    val quantization: String,
    val packageVersion: String
)

/** Enrolled people: `ks.edge.Gallery`. Not thread-safe. */
class Gallery(val model: ModelIdentity) {
    private val crops = LinkedHashMap<String, MutableList<FloatArray>>()

    val names: List<String> get() = crops.keys.toList()
    val numCrops: Int get() = crops.values.map { it.size }.sum()

    /** The embeddings of one person. */
    fun of(name: String): List<FloatArray> = crops[name].orEmpty()

    /** Throws unless the gallery belongs to this model. */
    fun checkModel(other: ModelIdentity) = require(other == model) {
        "The gallery belongs to another model: enrolled with $model, not with $other"
    }

    /** Adds a face, of norm 1, of somebody who may be there already. */
    fun enrol(name: String, embedding: FloatArray) {
        require(name.isNotEmpty()) { "A name is needed" }
        require(embedding.size == model.embeddingDim) { "${model.embeddingDim} numbers" }
        crops.getOrPut(name) { mutableListOf() } += embedding
    }

    /** Erases somebody with all their faces. */
    fun remove(name: String) = require(crops.remove(name) != null) { "Nobody is called $name" }

    /** Everybody by the best of their crops, the most similar first. */
    fun search(embedding: DoubleArray): List<Candidate> = crops.map { (name, rows) ->
        Candidate(name, rows.map { cosine(it, embedding) }.reduce { a, b -> maxOf(a, b) })
    }.sortedByDescending { it.score }

    private fun cosine(row: FloatArray, embedding: DoubleArray) =
        row.indices.map { row[it] * embedding[it] }.sum()
}
