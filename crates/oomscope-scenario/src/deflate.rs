//! Deflate with a head start: both sides begin as if they had just seen [`WORDS`], so that
//! a short scenario need not bring along the words that every scenario has.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Frozen with the first version of copied links: one changed byte breaks them all.
const WORDS: &[u8] = br#"the killer chooses another victim; every try of the reaper fails, because
nobody waits for the inode lock of the file system, a page fault that holds the lock for
reading. The OOM killer kills the process, which cannot die before the other has its pages. The
oom_reaper frees its anonymous memory, but only if nobody else is in the queue and waits
for memory while it is still held; then it gives up, and with the patch this is fixed.
https://lore.kernel.org/linux-mm/ https://git.kernel.org/ Re: [PATCH] [RFC] mm, oom: munlock
known_gap = "kills_max = 1
when = "-oom-reaper,killable-writers,clear-mark,reap-twice,oom-mm,killable-inode-lock
rules = "adversarial+split"
outcomes = ["ok", "extra-kill", "stall", "lockup", "oops", "corrupt", "hang", "wrong-errno", "panic"]
kind = "deadlock"
kind = "livelock"
mutex_lock_killable down_read_killable lock_page_killable unlock_page
free_page alloc_page GFP_KERNEL alloc_page GFP_NOFS munmap
mutex_lock i_mutex
mutex_unlock i_mutex
down_write_killable down_write up_write down_read up_read
wait_for complete flush
repeat 4 {
  page_fault cc1 2
}
oom_score_adj = -1000
mlocked = true
page_lock = "kind = "shared"
kind = "page_lock"
kind = "rwsem"
kind = "i_mutex"
kind = "mutex"
qemu vhost cc1 postgres.mmap_sem

[lead]
schedule = "

[[marker]]
id = "
title = "The
when = "queued killed holds parked exited gone finished and free
say = "

[[expect]]
when = ""
rules = "long"
outcomes = ["ok"]
why = "

[[source]]
label = "
ref = "

[[lock]]
name = "
kind = "

[[kthread]]
name = "
pid = 1
use_mm = "
program = """

[[process.vma]]
size = "

[[process]]
name = "
pid = 1
rss = "24 MB"

[[process.thread]]
name = "
program = """
format = 1
id = "
title = "A
story = """
kernel = "4.6"
patches = "
offers = ["
seed = 1

[zone]
total = "256 MB"
page = "4 MB"
free = "20 MB"
min = "8 MB"
low = "12 MB"
high = "16 MB"
"#;

/// Compresses. `None` never happens.
pub(crate) fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let flags = create_comp_flags_from_zip_params(10, 0, 0);
    let mut compressor = CompressorOxide::new(flags);
    // The words go in and are flushed to a byte border; what they make is thrown away.
    let mut thrown_away = vec![0; 2 * WORDS.len()];
    let (status, read, written) =
        compress(&mut compressor, WORDS, &mut thrown_away, TDEFLFlush::Sync);
    if status != TDEFLStatus::Okay || read != WORDS.len() || written == thrown_away.len() {
        return None;
    }
    let mut out = vec![0; bytes.len() + bytes.len() / 8 + 64];
    let (status, _, written) = compress(&mut compressor, bytes, &mut out, TDEFLFlush::Finish);
    out.truncate(written);
    (status == TDEFLStatus::Done).then_some(out)
}

/// Undoes [`deflate`], to at most so many bytes.
///
/// # Errors
/// What came out before the damage or the limit.
pub(crate) fn inflate(mut packed: &[u8], bytes_max: usize) -> Result<Vec<u8>, Vec<u8>> {
    let most = WORDS.len() + bytes_max;
    let mut out = WORDS.to_vec();
    let mut filled = WORDS.len();
    out.resize((filled + 4 * packed.len() + 64).min(most), 0);
    let mut decompressor = Box::<DecompressorOxide>::default();
    loop {
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) =
            decompress(&mut decompressor, packed, &mut out, filled, flags);
        filled += written;
        packed = packed.get(read..).unwrap_or_default();
        match status {
            TINFLStatus::HasMoreOutput if out.len() < most => {
                out.resize((2 * out.len()).min(most), 0);
            }
            _ => {
                out.truncate(filled);
                out.drain(..WORDS.len());
                // Nothing may follow the end.
                let whole = status == TINFLStatus::Done && packed.is_empty();
                return if whole { Ok(out) } else { Err(out) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::crc32;

    #[test]
    fn the_words_are_frozen() {
        assert_eq!(crc32(WORDS), 1_333_689_191, "old links need the old words");
    }

    #[test]
    fn what_goes_in_comes_out_and_bombs_do_not() {
        let long = vec![7; 1 << 20];
        for bytes in [&b""[..], b"x", b"[[process]]\nname = \"a\"", &long] {
            let packed = deflate(bytes).unwrap();
            assert_eq!(inflate(&packed, 1 << 20).as_deref(), Ok(bytes));
            if bytes.len() > 1 {
                assert!(inflate(&packed, bytes.len() - 1).is_err());
                assert!(inflate(&packed[..packed.len() - 1], 1 << 20).is_err());
            }
        }
        assert!(deflate(&long).unwrap().len() < 3000);
    }
}
