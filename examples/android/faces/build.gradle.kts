// Runtime and pictures of Android.
plugins {
    id("com.android.library")
    kotlin("android")
}

android {
    namespace = "sphereface.android"
    compileSdk = 35
    defaultConfig {
        minSdk = 26
    }
}

dependencies {
    api(project(":core"))
    implementation("com.google.ai.edge.litert:litert:2.1.0")
    implementation("androidx.exifinterface:exifinterface:1.3.7")
}
