package sphereface

import kotlin.math.exp
import kotlin.math.floor
import kotlin.math.ln
import org.json.JSONObject

/** A threshold, its false accept rate, and whether mirror images are added. */
class OperatingPoint(json: JSONObject) {
    val far = json.getDouble("far")
    val threshold = json.getDouble("threshold")
    val flip = json.getBoolean("flip")

    /** What it was measured on. */
    val data: String? = if (json.isNull("data")) null else json.getString("data")

    /** 95 % interval of the false accept rate, low and high. */
    val farInterval: List<Double>? = json.optJSONArray("far_interval")?.let { ends ->
        List(ends.length()) { ends.getDouble(it) }
    }

    /** Pairs of different people that the threshold rests on; 0 if not known. */
    val impostorsAbove = floor(far * json.optInt("impostor_pairs") * (1 + 1e-9)).toInt()

    /** Whether these are enough. */
    val isSteady = impostorsAbove >= STEADY_PAIRS

    companion object {
        const val STEADY_PAIRS = 30
    }
}

/** How probable one person is, given a score, if both were as probable before. */
class Calibration(json: JSONObject) {
    private val slope = json.getDouble("slope")
    private val intercept = json.getDouble("intercept")
    private val share = json.getDouble("genuine_share")

    fun probability(score: Double): Double =
        1 / (1 + exp(ln(share / (1 - share)) - slope * score - intercept))
}
