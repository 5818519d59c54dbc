//! The values of the axes of [`crate::kernel::Kernel`], an enum a decision; each variant says
//! which releases decided so.

mod dying;
mod locks;
mod memory;

pub use dying::{
    AdjSharer, Bookkeeping, Complaint, CoreDump, ExitProtocol, ExitingTask, Favor, InitMm,
    InitSharer, KillNap, KthreadSharer, Mlocked, Mmput, Mrelease, ReapDelay, Reaper, ReaperLock,
    ReaperMm, ReaperQueue, RootBonus, ShortCut, ShortCutMm, Sysrq, SysrqNotified, VforkWait,
    Vforked, VictimReserve, VmaList,
};
pub use locks::{
    HmmStart, InodeLock, Munmap, NotifierPairing, ReaderBail, ReaderSteal, ReaperNotifiers,
    RwsemCode, SiteWait, SpinlockBail, Unstable, XaddBail,
};
pub use memory::{
    Badness, DyingCharge, Equals, Isolation, KillerCaller, KmemAlloc, MemcgKiller, MemcgLock,
    MemcgMargin, MemcgNofs, MemcgOom, Nofail, NofailReserve, Nofs, OomGroup, OomLockWait,
    ReapEnqueue, ReclaimRetry, RetryMayfail, Sacrifice, TransReserve, VictimFails,
};
