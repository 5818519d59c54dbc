//! Allocation flags as the log has them: a number, and since 4.6 words behind it.

use oomscope_model::machine::Gfp;
use oomscope_model::patches::Version;

use crate::stack::gfp_name;

/// Allocation flags in numbers, as they were in that version.
///
/// Up to 4.20 they are those of locks-and-allocation.md 4.1; a log of 4.20 still has
/// `0x6202c2(GFP_HIGHUSER|__GFP_NOWARN)`. A log of 5.4 has
/// `0x100cca(GFP_HIGHUSER_MOVABLE)`: there all bits are where they are in 6.1.
pub(super) fn mask(version: Version, gfp: Gfp) -> u32 {
    if version < Version(5, 4) {
        to_4_20(version, gfp)
    } else {
        since_5_4(version, gfp)
    }
}

fn to_4_20(version: Version, gfp: Gfp) -> u32 {
    let [direct, kswapd] = if version < Version(4, 4) {
        [0x10, 0]
    } else if version < Version(4, 12) {
        [0x40_0000, 0x200_0000]
    } else if version < Version(4, 19) {
        [0x40_0000, 0x100_0000]
    } else {
        [0x20_0000, 0x40_0000]
    };
    let harder = if version < Version(4, 4) { 0 } else { 0x8_0000 };
    let bits = [
        (Gfp::DIRECT_RECLAIM, direct),
        (Gfp::HIGH, 0x20),
        (Gfp::IO, 0x40),
        (Gfp::FS, 0x80),
        (Gfp::NOWARN, 0x200),
        (Gfp::RETRY_MAYFAIL, 0x400),
        (Gfp::NOFAIL, 0x800),
        (Gfp::NORETRY, 0x1000),
        (Gfp::MEMALLOC, 0x2000),
        (Gfp::HARDER, harder),
        (Gfp::ACCOUNT, 0x10_0000),
        (Gfp::USER, 0x2_000a),
    ];
    kswapd | bits_of(gfp, &bits)
}

/// The bits are those of `include/linux/gfp.h`. Logs: 0xcc0 for `GFP_KERNEL` (5.13, 6.1),
/// 0x400dc0 for `GFP_KERNEL_ACCOUNT|__GFP_ZERO` (6.1), 0x100cca for `GFP_HIGHUSER_MOVABLE`
/// (5.4), 0x1100cca for the same (5.15), and 0x140dca with `__GFP_COMP|__GFP_ZERO` (6.1). What
/// 5.15 has more is `__GFP_SKIP_KASAN_POISON`, which a log of the tree before 5.14 has too. That
/// it went without `CONFIG_KASAN_HW_TAGS` with
/// 5.18 is from the mails about it, of the end of March 2022, not from a log.
fn since_5_4(version: Version, gfp: Gfp) -> u32 {
    const KSWAPD: u32 = 0x800;
    let skips_poison = (Version(5, 14)..Version(5, 18)).contains(&version);
    let skip_poison = if skips_poison { 0x100_0000 } else { 0 };
    let bits = [
        (Gfp::HIGH, 0x20),
        (Gfp::IO, 0x40),
        (Gfp::FS, 0x80),
        (Gfp::HARDER, 0x200),
        (Gfp::DIRECT_RECLAIM, 0x400),
        (Gfp::NOWARN, 0x2000),
        (Gfp::RETRY_MAYFAIL, 0x4000),
        (Gfp::NOFAIL, 0x8000),
        (Gfp::NORETRY, 0x1_0000),
        (Gfp::MEMALLOC, 0x2_0000),
        (Gfp::ACCOUNT, 0x40_0000),
        (Gfp::USER, 0x10_000a | skip_poison),
    ];
    KSWAPD | bits_of(gfp, &bits)
}

fn bits_of(gfp: Gfp, bits: &[(u16, u32)]) -> u32 {
    let set = bits.iter().filter(|(bit, _)| gfp.has(*bit));
    set.fold(0, |mask, (_, number)| mask | number)
}

/// The flags in words: since 4.6 the log prints them behind the number.
pub(super) fn text(version: Version, gfp: Gfp) -> String {
    let words = gfp_name(gfp);
    if version < Version(4, 13) {
        words.replace("__GFP_RETRY_MAYFAIL", "__GFP_REPEAT")
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use oomscope_model::machine::Gfp;
    use oomscope_model::patches::Version;

    #[test]
    fn masks_are_those_of_real_logs() {
        let logs = [
            (Version(4, 9), Gfp::KERNEL, 0x240_00c0),
            (Version(4, 19), Gfp::HIGHUSER_MOVABLE, 0x62_00ca),
            (Version(5, 4), Gfp::HIGHUSER_MOVABLE, 0x10_0cca),
            (Version(5, 15), Gfp::HIGHUSER_MOVABLE, 0x110_0cca),
            (Version(5, 15), Gfp::KERNEL, 0xcc0),
            (Version(6, 1), Gfp::HIGHUSER_MOVABLE, 0x10_0cca),
            (Version(6, 1), Gfp::KERNEL, 0xcc0),
            (Version(6, 1), Gfp::KERNEL.with(Gfp::ACCOUNT), 0x40_0cc0),
            (Version(5, 18), Gfp::NOFS.with(Gfp::NOWARN), 0x2c40),
        ];
        for (version, gfp, mask) in logs {
            let found = super::mask(version, gfp);
            assert_eq!(found, mask, "{version}: {found:#x} is not {mask:#x}");
        }
    }
}
