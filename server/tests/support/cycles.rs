//! How often a test of chance tries.

use std::ops::Range;

/// The numbers of the cycles to run: `usual` of them from 0, or as many as `SIXIN_CYCLES` says from `SIXIN_FIRST`. A
/// cycle's number is its seed, so that it can be run again alone.
pub fn cycles(usual: u64) -> Range<u64> {
    let set =
        |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap_or_else(|_| panic!("{name}: {text}")));
    let first = set("SIXIN_FIRST").unwrap_or(0);
    first..first + set("SIXIN_CYCLES").unwrap_or(usual)
}
