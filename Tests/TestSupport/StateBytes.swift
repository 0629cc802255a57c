import ControllerContent

/// A saved state as an array of bytes.
public typealias StateBytes = StateData
