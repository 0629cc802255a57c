import Foundation
import IPMI
import ManagementController

@testable import ControllerContent

/// The example that the documentation shows.
enum Example {
  static let path = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("example.yaml").path

  static func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
  static func content() throws -> ControllerContent { try ContentFile.content(yaml: path) }
}

extension ManagementController {
  /// The bytes of the response behind the command: completion code, then data.
  mutating func ask(_ command: Command, _ data: [UInt8] = [], now: UInt64 = 0) -> [UInt8] {
    var request = Message(command)
    let fits = request.append(contentsOf: data.span)
    precondition(fits)
    let response = respond(to: request, now: now)
    return (2..<response.count).map { response.bytes[$0] }
  }

  /// Every SDR with its ID, read along the links.
  mutating func records() -> [[UInt8]] {
    follow { ask(.getSDR, [0, 0] + $0 + [0, 0xFF]) }
  }

  /// Every SEL record, read along the links.
  mutating func events() -> [[UInt8]] {
    follow { ask(.getSELEntry, [0, 0] + $0 + [0, 0xFF]) }
  }

  /// The bytes of a FRU device.
  mutating func inventory(_ device: UInt8) -> [UInt8] {
    let info = ask(.getFRUInventoryAreaInfo, [device])
    guard info[0] == 0 else { return [] }
    let size = Int(info[1]) | Int(info[2]) << 8
    return stride(from: 0, to: size, by: 128).flatMap { offset in
      ask(.readFRUData, [device, UInt8(offset & 0xFF), UInt8(offset >> 8), 128])[2...]
    }
  }

  private func follow(_ read: ([UInt8]) -> [UInt8]) -> [[UInt8]] {
    var records: [[UInt8]] = []
    var next: [UInt8] = [0, 0]
    repeat {
      let answer = read(next)
      guard answer[0] == 0 else { break }
      next = Array(answer[1...2])
      records.append(Array(answer[3...]))
    } while next != [0xFF, 0xFF]
    return records
  }
}

extension ControllerContent {
  /// Content of every kind of bytes: some make sense, some do not.
  static func random(_ random: inout some RandomNumberGenerator) -> ControllerContent {
    var content = ControllerContent()
    content.identity.deviceID = .random(in: 0...255, using: &random)
    content.identity.deviceRevision = .random(in: 0...15, using: &random)
    content.identity.firmwareMajor = .random(in: 0...127, using: &random)
    content.identity.firmwareMinor = UInt8("\(Int.random(in: 10...99, using: &random))", radix: 16)!
    content.identity.auxiliaryRevision = .random(in: 0 ... .max, using: &random)
    content.identity.manufacturer = .random(in: 0...0xF_FFFF, using: &random)
    content.identity.product = .random(in: 0 ... .max, using: &random)
    content.identity.guid = bytes(16, &random)
    content.identity.providesDeviceSDRs = .random(using: &random)
    content.restorePolicy = RestorePolicy.allCases.randomElement(using: &random)!
    content.records = (0..<Int.random(in: 0...40, using: &random)).map { _ in record(&random) }
    content.fruAreaSize = [64, 512, 1024].randomElement(using: &random)!
    content.inventories = (0..<Int.random(in: 0...8, using: &random)).map { _ in
      bytes(.random(in: 0...content.fruAreaSize, using: &random), &random).withoutTrailingZeros
    }
    content.events = (0..<Int.random(in: 0...20, using: &random)).map { _ in
      let type = [0x02, 0x02, 0xC0, 0xDF, 0xE0, 0xFF].randomElement(using: &random)! as UInt8
      return [0, 0, type] + bytes(13, &random)
    }
    return content
  }

  private static func bytes(_ count: Int, _ random: inout some RandomNumberGenerator) -> [UInt8] {
    (0..<count).map { _ in .random(in: 0...255, using: &random) }
  }

  /// A record of any type, often one that is readable.
  private static func record(_ random: inout some RandomNumberGenerator) -> Record {
    let type = [0x01, 0x02, 0x03, 0x11, 0x12, 0xC0].randomElement(using: &random)! as UInt8
    let nameOffset: Int? =
      switch type {
      case 0x01: 47
      case 0x02: 31
      case 0x11, 0x12: 15
      default: nil
      }
    var record: [UInt8]
    if let nameOffset, Int.random(in: 0..<8, using: &random) > 0 {
      record = bytes(nameOffset, &random)
      if .random(using: &random) { (record[5], record[6]) = (0x20, 0) }
      // Often a sensor with thresholds.
      if type == 0x01, .random(using: &random) { record[13] = 0x01 }
      let name = Array("Sensor \(Int.random(in: 0...99, using: &random))".utf8)
      record += [0xC0 | UInt8(name.count)] + name
    } else {
      record = bytes(.random(in: 5...249, using: &random), &random)
    }
    (record[0], record[1], record[3]) = (0, 0, type)
    record[4] = UInt8(record.count - 5)
    return Record(bytes: record)
  }
}
