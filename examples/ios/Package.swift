// swift-tools-version:5.5
import PackageDescription

let package = Package(
  name: "SphereFace",
  platforms: [.iOS(.v13), .macOS(.v10_15)],
  products: [.library(name: "SphereFace", targets: ["SphereFace"])],
  targets: [.target(name: "SphereFace")]
)
