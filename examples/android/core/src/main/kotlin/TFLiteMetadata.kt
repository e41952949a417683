package sphereface

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** A metadata buffer of a TFLite file, which is a flatbuffer. */
fun metadata(model: ByteBuffer, name: String): ByteArray? {
    val file = model.duplicate().order(ByteOrder.LITTLE_ENDIAN)
    fun follow(position: Int) = position + file.getInt(position)
    // Slots are 4 + 2 * the number of a field in TFLite's schema.fbs.
    fun field(table: Int, slot: Int): Int {
        val slots = table - file.getInt(table)
        if (slot >= file.getShort(slots)) return 0
        val offset = file.getShort(slots + slot)
        return if (offset == 0.toShort()) 0 else table + offset
    }
    fun tables(table: Int, slot: Int): List<Int> {
        val position = field(table, slot)
        if (position == 0) return emptyList()
        val vector = follow(position)
        return List(file.getInt(vector)) { follow(vector + 4 + 4 * it) }
    }
    fun bytes(position: Int): ByteArray {
        val vector = follow(position)
        return ByteArray(file.getInt(vector)) { file.get(vector + 4 + it) }
    }
    val root = follow(0)
    val entry = tables(root, slot = 16).find { entry ->
        val position = field(entry, slot = 4)
        position != 0 && String(bytes(position)) == name
    } ?: return null
    val number = field(entry, slot = 6)
    val index = if (number == 0) 0 else file.getInt(number)
    val data = field(tables(root, slot = 12)[index], slot = 4)
    return if (data == 0) null else bytes(data)
}
