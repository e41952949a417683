package sphereface.android

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import androidx.exifinterface.media.ExifInterface
import java.io.ByteArrayInputStream
import sphereface.Picture

/** The pixels of a bitmap, of the camera or of a file that is upright. */
fun pictureOf(bitmap: Bitmap): Picture {
    val colors = IntArray(bitmap.width * bitmap.height)
    bitmap.getPixels(colors, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
    return Picture(bitmap.width, bitmap.height, colors)
}

/** The pixels of an image file, upright by its EXIF orientation, in sRGB. */
fun pictureOf(file: ByteArray): Picture {
    val options = BitmapFactory.Options().apply { inScaled = false }
    val bitmap = requireNotNull(BitmapFactory.decodeByteArray(file, 0, file.size, options)) {
        "The file is broken or not an image"
    }
    val exif = ExifInterface(ByteArrayInputStream(file))
    val turn = Matrix().apply {
        postScale(if (exif.isFlipped) -1f else 1f, 1f)
        postRotate(exif.rotationDegrees.toFloat())
    }
    return pictureOf(
        Bitmap.createBitmap(bitmap, 0, 0, bitmap.width, bitmap.height, turn, false)
    )
}
