/// QEMU's options that have it translate a guest's processor, with room for 32 MiB of translations.
///
/// In 1 GiB, which QEMU takes for itself, those of a guest that has run for minutes make its reboot take
/// minutes: see <doc:Scenarios>.
let translation = ["-accel", "tcg,tb-size=32"]
