/// One request or response, as the bytes a system interface carries.
///
/// | Byte | Request      | Response                  |
/// |-----:|--------------|---------------------------|
/// |    0 | NetFn, LUN   | NetFn, LUN                |
/// |    1 | command      | command                   |
/// |    2 | data…        | ``CompletionCode``, data… |
///
/// A message holds at least ``minimumLength`` and at most ``capacity`` bytes: what QEMU's IPMI
/// devices and the VM wire protocol carry. IPMI v2.0, section 9.2 (KCS) and 11.1 (BT).
public struct Message: Equatable, Sendable {
  /// The most bytes a message holds, from NetFn to the last data byte.
  public static let capacity = 300
  /// The fewest bytes that are a message: NetFn and command.
  public static let minimumLength = 2

  /// All bytes of the message.
  public private(set) var bytes: FixedBytes<300>

  /// The message in `bytes`, or `nil` where they are too few or too many.
  public init?(_ bytes: Span<UInt8>) {
    guard bytes.count >= Self.minimumLength, let copy = FixedBytes<300>(bytes) else { return nil }
    self.bytes = copy
  }

  /// The message in `bytes`, or `nil` where they are too few.
  public init?(_ bytes: FixedBytes<300>) {
    guard bytes.count >= Self.minimumLength else { return nil }
    self.bytes = bytes
  }

  /// The message at `range` of `bytes`, or `nil` where the bytes are too few or too many.
  // In line, or other modules look up the metadata of the buffer's type for every message.
  @inlinable
  public init?<let size: Int>(_ bytes: FixedBytes<size>, in range: Range<Int>) {
    let array = bytes.array
    self.init(array.span.extracting(first: bytes.count).extracting(range))
  }

  /// A request that carries no data yet.
  public init(_ command: Command, lun: LUN = .bmc) {
    bytes = FixedBytes()
    bytes.append(command.netFn.rawValue << 2 | lun.rawValue)
    bytes.append(command.code)
  }

  /// The response to `request` that carries `code` and no further data yet.
  ///
  /// NetFn becomes the odd one; LUN and command are the request's, and so is what says whose command
  /// it is, where NetFn leaves that open: ``NetFn/ownerLength``.
  public init(respondingTo request: Message, _ code: CompletionCode = .success) {
    bytes = FixedBytes()
    bytes.append(request.bytes[0] | 1 << 2)
    bytes.append(request.bytes[1])
    bytes.append(code.rawValue)
    for index in 0..<min(request.netFn.ownerLength, request.dataCount) {
      if let byte = request.data(index) { bytes.append(byte) }
    }
  }

  /// The number of bytes, from NetFn to the last data byte.
  public var count: Int { bytes.count }
  /// NetFn, the upper six bits of byte 0.
  public var netFn: NetFn { NetFn(rawValue: bytes[0] >> 2) }
  /// LUN, the lower two bits of byte 0.
  public var lun: LUN { LUN(rawValue: bytes[0]) }
  /// The command, whichever half of the pair this message is.
  public var command: Command { Command(netFn.request, bytes[1]) }
  /// The completion code of a response; `nil` for a request, or a response cut before it.
  public var completionCode: CompletionCode? {
    netFn.isResponse ? bytes.byte(at: 2).map(CompletionCode.init(rawValue:)) : nil
  }

  /// The offset of the first data byte: behind the command, or behind the completion code.
  public var dataOffset: Int { netFn.isResponse ? 3 : 2 }
  /// The number of data bytes, without the completion code.
  public var dataCount: Int { max(0, count - dataOffset) }
  /// The data byte at `index`, or `nil` where the sender sent fewer.
  public func data(_ index: Int) -> UInt8? {
    index < 0 ? nil : bytes.byte(at: dataOffset + index)
  }

  /// Adds one data byte; `false`, and no change, when the message is full.
  @discardableResult
  public mutating func append(_ byte: UInt8) -> Bool { bytes.append(byte) }
  /// Adds data bytes; `false`, and no change, when they do not all fit.
  @discardableResult
  public mutating func append(contentsOf data: Span<UInt8>) -> Bool {
    bytes.append(contentsOf: data)
  }
  /// Adds data bytes; `false`, and no change, when they do not all fit.
  @discardableResult
  public mutating func append<let size: Int>(contentsOf data: FixedBytes<size>) -> Bool {
    bytes.append(contentsOf: data)
  }
  /// Adds the bytes at `range`, which are within `data`; `false`, and no change, when they do not
  /// all fit.
  @discardableResult
  public mutating func append<let size: Int>(
    contentsOf data: FixedBytes<size>, in range: Range<Int>
  ) -> Bool {
    bytes.append(contentsOf: data, in: range)
  }
  /// Adds a little-endian 16-bit field.
  @discardableResult
  public mutating func append(littleEndian value: UInt16) -> Bool {
    bytes.append(littleEndian: value)
  }
  /// Adds a little-endian 32-bit field.
  @discardableResult
  public mutating func append(littleEndian value: UInt32) -> Bool {
    bytes.append(littleEndian: value)
  }
}
