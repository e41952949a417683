// All that needs no Android: it is compiled and run on the JVM in the tests.
plugins {
    kotlin("jvm")
}

dependencies {
    // Android has it.
    compileOnly("org.json:json:20240303")
}
