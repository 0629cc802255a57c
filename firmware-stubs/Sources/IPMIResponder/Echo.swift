import IPMI

extension Message {
  /// The response to Echo, NetFn 30h (controller-specific OEM), command 01h: the request's data;
  /// `nil` for other requests.
  ///
  /// For whoever wants to see every byte of a message go both ways.
  var echo: Message? {
    guard netFn == NetFn(rawValue: 0x30), command.code == 0x01 else { return nil }
    var response = Message(respondingTo: self)
    return response.append(contentsOf: bytes, in: dataOffset..<count)
      ? response : Message(respondingTo: self, .cannotReturnRequestedBytes)
  }
}
