import IPMI
import ManagementController
import TestSupport
import Testing

@testable import ControllerContent

@Suite struct RoundTripTests {
  @Test(arguments: 1...60)
  func `any content is read from its YAML as it was`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let content = ControllerContent.random(&random)
    let again = try ControllerContent(yaml: content.yaml, file: "\(random)")
    #expect(again == content, "\(random)")
  }

  @Test(arguments: 1...60)
  func `any content is read from QEMU's files as it was`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let content = ControllerContent.random(&random)
    var again = ControllerContent()
    try again.read(sdrFile: content.sdrFile, named: "\(random)")
    try again.read(fruFile: content.fruFile, named: "\(random)", areaSize: content.fruAreaSize)
    #expect(again.records == content.records, "\(random)")
    #expect(again.inventories == content.inventories, "\(random)")
    #expect(content.fruFile.count == content.inventories.count * content.fruAreaSize)
  }

  @Test(arguments: 1...60)
  func `a controller has the records, inventories and events of its content`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let content = ControllerContent.random(&random)
    var controller = try content.makeController()
    let numbered = controller.records()
    #expect(numbered.map { [0, 0] + $0[2...] } == content.records.map(\.bytes), "\(random)")
    #expect(numbered.indices.allSatisfy { Int(numbered[$0][0]) == $0 + 1 }, "\(random)")
    for (device, inventory) in content.inventories.enumerated() {
      #expect(controller.inventory(UInt8(device)).withoutTrailingZeros == inventory, "\(random)")
    }
    #expect(controller.events().map { [0, 0] + $0[2...] } == content.events, "\(random)")
  }

  /// Every raw reading of many conversions: what is written is read as the same.
  @Test func `every reading is written exactly`() throws {
    var random = SplitMix64(seed: 0x5CA1E)
    for round in 0..<25 {
      let conversion = LinearConversion(
        multiplier: .random(in: -512...511, using: &random),
        offset: .random(in: -512...511, using: &random),
        offsetExponent: .random(in: -8...7, using: &random),
        resultExponent: .random(in: -8...7, using: &random))
      for format in [ReadingFormat.unsigned, .onesComplement, .twosComplement] {
        let scale = Scale(conversion: conversion, format: format)
        for raw in UInt8.min...UInt8.max {
          let value = try YAMLValue.document(scale.text(raw), file: "")
          let again = try scale.raw(value)
          // Minus zero is zero.
          let expected = format == .onesComplement && raw == 0xFF ? 0 : raw
          if again != expected {
            Issue.record("\(random), round \(round): \(conversion) \(format) \(raw)")
            return
          }
        }
      }
    }
  }

  /// A code of type and length, bytes, and the text; "IPMI" is the specification's example.
  @Test(
    arguments: [
      (0xC3, [0x41, 0x22, 0x5C], #""A\"\\""#), (0xC2, [0x41, 0x0A], "410A"),
      (0x42, [0x12, 0xAC], #""12 .""#), (0x41, [0x1F], "1F"),
      (0x83, [0x29, 0xDC, 0xA6], #""IPMI""#), (0x02, [0x01, 0xFF], "01FF"), (0xC0, [], #""""#),
    ] as [(UInt8, [UInt8], String)])
  func `text in every code is shown in a comment`(code: UInt8, bytes: [UInt8], text: String) {
    #expect(TypedText.shown(code, bytes[...]) == text)
  }

  @Test func `what is written as bytes has a comment that says what it is`() throws {
    var content = ControllerContent()
    // An event-only record with a name in 6-bit ASCII; a board area with an empty field as C0h.
    content.records = [
      .init(
        bytes: [0, 0, 0x51, 0x03, 15] + [UInt8](repeating: 0, count: 11) + [0x83, 0x29, 0xDC, 0xA6])
    ]
    var board: [UInt8] = [1, 3, 0, 0, 0, 0, 0xC2, 0x48, 0x69, 0x41, 0x12, 0xC0, 0xC0, 0xC0, 0xC1]
    board += [UInt8](repeating: 0, count: 8) + [0]
    content.inventories = [([1, 0, 0, 1, 0, 0, 0, 0xFE] + board).withoutTrailingZeros]
    #expect(content.yaml.contains("  # event-only sensor \"IPMI\"\n  - bytes: "))
    let expected = #"# board: manufacturer "Hi", product "12", serial "", part "", file """#
    #expect(content.yaml.contains(expected + "\n  - bytes: "))
    #expect(try ControllerContent(yaml: content.yaml, file: "") == content)
  }

  @Test func `values are written in decimals`() {
    let volts = Scale(
      conversion: LinearConversion(multiplier: 63, resultExponent: -3), format: .unsigned)
    #expect(volts.text(190) == "11.97")
    #expect(volts.text(0) == "0")
    #expect(volts.text(1) == "0.063")
    let kelvin = Scale(
      conversion: LinearConversion(multiplier: 1, offset: -300), format: .twosComplement)
    #expect(kelvin.text(0xFF) == "-301")
    let coarse = Scale(
      conversion: LinearConversion(multiplier: -5, offset: 1, offsetExponent: 2, resultExponent: 1),
      format: .unsigned)
    #expect(coarse.text(3) == "850")
  }
}
