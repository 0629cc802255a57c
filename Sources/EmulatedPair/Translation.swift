/// QEMU's options that have it translate a guest's processor, with room for 32 MiB of translations.
///
/// When that is full, it begins anew. In 1 GiB, which QEMU takes for itself, a guest that starts
/// programs for minutes leaves so many that QEMU 7.2, wherever memory that had code is written over,
/// looks through long lists at each store: as much as 70 ms for eight bytes, and minutes for a reboot
/// of a few seconds.
let translation = ["-accel", "tcg,tb-size=32"]
