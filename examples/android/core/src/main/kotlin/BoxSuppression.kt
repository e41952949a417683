package sphereface

private const val MAX_BOXES = 1024
private const val MIN_OVERLAP = 0.3

/** Boxes of a score and of sane numbers, the surest first. */
fun keepSure(boxes: List<FaceBox>, minScore: Double): List<FaceBox> =
    boxes.filter { it.score >= minScore && it.isSane }
        .sortedByDescending { it.score }
        .take(MAX_BOXES)

/** One box per face, weighted means of those that overlap; the surest first. */
fun suppress(surestFirst: List<FaceBox>): List<FaceBox> {
    var boxes = surestFirst
    val found = mutableListOf<FaceBox>()
    while (boxes.isNotEmpty()) {
        val surest = boxes[0]
        val (same, others) = boxes.partition {
            it === surest || surest.overlap(it) > MIN_OVERLAP
        }
        found += meanOf(same)
        boxes = others
    }
    return found
}

private fun meanOf(boxes: List<FaceBox>): FaceBox {
    val total = boxes.map { it.score }.sum()
    fun mean(arrays: List<DoubleArray>) = DoubleArray(arrays[0].size) { index ->
        boxes.indices.map { boxes[it].score / total * arrays[it][index] }.sum()
    }
    val points = boxes[0].points.indices.map { point -> mean(boxes.map { it.points[point] }) }
    return FaceBox(mean(boxes.map { it.corners }), points, boxes[0].score)
}
