//! The reaper and mmu notifiers (oom.md 7): programs in, events out.

mod play;

use expect_test::expect;
use oomscope_model::machine::{Machine, MmId, Timing};
use oomscope_model::patches::Version;
use oomscope_model::state::{MmFlags, Run, State, StateFlags};

use play::Play;

const V413: Version = Version(4, 9);
const V414: Version = Version(4, 14);
const V416: Version = Version(4, 16);
const V419: Version = Version(4, 19);
const V420: Version = Version(4, 20);
const V512: Version = Version(5, 12);

/// The biggest process `v` waits for ever inside the kernel; `a` wants memory and has it
/// killed. Two VMAs of 20 and 10 pages. `d` holds and gives back `lock` as its program says.
fn machine(version: Version, notifiers: &[&str], device: &str) -> Machine {
    let notifiers: String = notifiers
        .iter()
        .map(|keys| format!("[[process.notifier]]\n{}\n", keys.replace("; ", "\n")))
        .collect();
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"2 pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[lock]]\nname = \"rw\"\nkind = \"rwsem\"\n[[lock]]\nname = \"m\"\nkind = \"mutex\"\n\
         [[process]]\nname = \"v\"\nprogram = \"wait_for go\"\n\
         [[process.vma]]\nsize = \"20 pages\"\n[[process.vma]]\nsize = \"10 pages\"\n{notifiers}\n\
         [[process]]\nname = \"a\"\nrss = \"1 page\"\nprogram = \"alloc_page GFP_KERNEL\"\n\
         [[kthread]]\nname = \"d\"\nprogram = \"\"\"\n{device}\n\"\"\"\n\
         [[kthread]]\nname = \"waker\"\nprogram = \"complete go\"\n"
    );
    let mut machine = play::machine_of(version, &[], &text);
    // Sleeps end when a test says so.
    machine.rules.timing = Timing::Adversarial;
    machine
}

const KVM: &str = "kind = \"kvm\"";
const I915: &str = "kind = \"i915\"; lock = \"m\"";
const HMM: &str = "kind = \"hmm\"; lock = \"rw\"";
const AMDGPU: &str = "kind = \"amdgpu\"; lock = \"rw\"; overlaps = false";

impl Play {
    /// `a` has `v` killed; the reaper takes steps until it waits, sleeps or is done.
    fn reap(&mut self) -> &mut Play {
        self.steps("a a");
        if matches!(self.run_of("a"), Run::Asleep { .. }) {
            self.steps("a a");
        }
        assert!(
            self.state
                .is_killed(&self.machine, oomscope_model::machine::ProcessId(0))
        );
        self.table.clear();
        self.go_on()
    }

    fn go_on(&mut self) -> &mut Play {
        let task = self.task("oom_reaper");
        for _ in 0..40 {
            if !matches!(self.state.task(task).run, Run::Ready(_)) {
                break;
            }
            self.steps("oom_reaper");
        }
        self
    }

    fn waits_for(&self, name: &str, lock: &str) -> bool {
        matches!(self.run_of(name), Run::Queued { on, .. } if self.machine.locks[on.0 as usize].name == lock)
    }

    fn left(&self) -> u16 {
        self.state.mm(MmId(0)).rss()
    }

    fn has(&self, flag: u16) -> bool {
        self.state.mm(MmId(0)).flags.has(flag)
    }
}

#[test]
fn t7_every_vma_gets_its_start_zap_and_end() {
    let mut play = Play::new(machine(V419, &[KVM], ""));
    play.reap();
    assert_eq!(play.left(), 0);
    assert!(play.holds("oom_reaper", "v.kvm_count").is_none());
    play.is(expect![[r#"
        oom_reaper: ReaperStarts { victim: v }
        oom_reaper: LockTaken { task: oom_reaper, lock: v.mmap_sem, mode: Read }
        oom_reaper: UnstableSet { mm: MmId(0) }
        oom_reaper: LockTaken { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: RangeStart { task: oom_reaper, mm: MmId(0), notifier: 0 }
        oom_reaper: LockTaken { task: oom_reaper, lock: v.kvm_count, mode: Read }
        oom_reaper: LockReleased { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: VmaZapped { task: oom_reaper, mm: MmId(0), vma: 0, pages: 20 }
        oom_reaper: LockTaken { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: RangeEnd { task: oom_reaper, mm: MmId(0), notifier: 0 }
        oom_reaper: LockReleased { task: oom_reaper, lock: v.kvm_count, mode: Read }
        oom_reaper: LockReleased { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: LockTaken { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: RangeStart { task: oom_reaper, mm: MmId(0), notifier: 0 }
        oom_reaper: LockTaken { task: oom_reaper, lock: v.kvm_count, mode: Read }
        oom_reaper: LockReleased { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: VmaZapped { task: oom_reaper, mm: MmId(0), vma: 1, pages: 10 }
        oom_reaper: LockTaken { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: RangeEnd { task: oom_reaper, mm: MmId(0), notifier: 0 }
        oom_reaper: LockReleased { task: oom_reaper, lock: v.kvm_count, mode: Read }
        oom_reaper: LockReleased { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: Reaped { victim: v, mm: MmId(0) }
        oom_reaper: LockReleased { task: oom_reaper, lock: v.mmap_sem, mode: Read }
        oom_reaper: SkipSet { mm: MmId(0) }
    "#]]);
}

#[test]
fn up_to_4_13_nobody_is_told_and_the_guest_uses_what_is_free() {
    let mut play = Play::new(machine(V413, &[KVM], "guest_access v"));
    play.reap();
    assert_eq!(play.left(), 0);
    assert!(play.has(MmFlags::STALE));
    play.steps("d");
    assert!(play.state.flags.has(StateFlags::CORRUPT), "{}", play.table);
}

#[test]
fn no_reference_is_missed_by_who_holds_one() {
    let mut play = Play::new(machine(V413, &[I915], "guest_access v"));
    play.reap().steps("d");
    assert!(!play.state.flags.has(StateFlags::CORRUPT), "{}", play.table);
}

#[test]
fn in_4_14_the_whole_mm_is_left_alone_for_a_second_under_oom_lock() {
    let mut play = Play::new(machine(V414, &[KVM], ""));
    play.reap();
    assert_eq!(play.left(), 30);
    assert!(play.holds("oom_reaper", "oom_lock").is_some());
    assert!(!play.has(MmFlags::OOM_SKIP));
    play.steps("oom_reaper oom_reaper");
    assert!(play.has(MmFlags::OOM_SKIP));
    assert!(play.holds("oom_reaper", "oom_lock").is_none());
    play.is(expect![[r#"
        oom_reaper: ReaperStarts { victim: v }
        oom_reaper: LockTaken { task: oom_reaper, lock: oom_lock, mode: Write }
        oom_reaper: NotifiersSkipped { victim: v, mm: MmId(0) }
        oom_reaper: Slept { task: oom_reaper, nap: Hz }
        oom_reaper: Woke { task: oom_reaper, nap: Hz }
        oom_reaper: SkipSet { mm: MmId(0) }
        oom_reaper: LockReleased { task: oom_reaper, lock: oom_lock, mode: Write }
    "#]]);
}

#[test]
fn in_4_16_kvm_is_reaped_and_whoever_may_block_is_not() {
    for (notifiers, left) in [(&[KVM][..], 0), (&[KVM, I915], 30), (&[HMM], 30)] {
        let mut play = Play::new(machine(V416, notifiers, ""));
        play.reap();
        assert_eq!(play.left(), left, "{notifiers:?}\n{}", play.table);
    }
}

#[test]
fn in_4_19_only_the_vma_with_the_object_stays_and_is_tried_again() {
    let i915 = "kind = \"i915\"; lock = \"m\"; vma = 2";
    let mut play = Play::new(machine(V419, &[i915], ""));
    play.reap();
    assert_eq!(play.left(), 10);
    assert!(!play.has(MmFlags::OOM_SKIP));
    play.is(expect![[r#"
        oom_reaper: ReaperStarts { victim: v }
        oom_reaper: LockTaken { task: oom_reaper, lock: v.mmap_sem, mode: Read }
        oom_reaper: UnstableSet { mm: MmId(0) }
        oom_reaper: LockTaken { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: RangeStart { task: oom_reaper, mm: MmId(0), notifier: 0 }
        oom_reaper: LockReleased { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: VmaZapped { task: oom_reaper, mm: MmId(0), vma: 0, pages: 20 }
        oom_reaper: LockTaken { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: RangeStart { task: oom_reaper, mm: MmId(0), notifier: 0 }
        oom_reaper: RangeStartFailed { task: oom_reaper, mm: MmId(0), notifier: 0, warned: false }
        oom_reaper: LockReleased { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: LockReleased { task: oom_reaper, lock: v.mmap_sem, mode: Read }
        oom_reaper: PartlyReaped { victim: v, mm: MmId(0), tries: 1 }
        oom_reaper: Slept { task: oom_reaper, nap: Hz10 }
    "#]]);
    for _ in 0..9 {
        play.steps("oom_reaper").go_on();
    }
    assert!(!play.has(MmFlags::OOM_SKIP), "nine retries");
    play.steps("oom_reaper").go_on();
    assert!(play.has(MmFlags::OOM_SKIP), "given up: {}", play.table);
}

#[test]
fn a_start_is_called_also_after_one_has_failed() {
    let mut play = Play::new(machine(V419, &[I915, KVM], ""));
    play.reap();
    let tells_kvm = "RangeStart { task: oom_reaper, mm: MmId(0), notifier: 1 }";
    assert!(play.table.contains(tells_kvm), "{}", play.table);
    assert!(play.holds("oom_reaper", "v.kvm_count").is_some());
}

#[test]
fn an_unpaired_start_keeps_the_count_up_for_ever_and_5_12_brings_it_down() {
    for (version, leaks) in [(V419, true), (V512, false)] {
        let mut play = Play::new(machine(version, &[KVM, I915], "guest_access v"));
        play.reap();
        assert_eq!(
            play.holds("oom_reaper", "v.kvm_count").is_some(),
            leaks,
            "{version}"
        );
        assert_eq!(play.has(MmFlags::UNPAIRED), leaks, "{version}");
        play.steps("d");
        assert_eq!(play.waits_for("d", "v.kvm_count"), leaks, "{version}");
    }
}

#[test]
fn what_was_left_behind_before_the_fix_stays_left_behind() {
    let mut play = Play::new(machine(V419, &[KVM, I915], ""));
    play.reap()
        .switch("notifier-pairing", true)
        .steps("oom_reaper")
        .go_on();
    assert!(
        play.holds("oom_reaper", "v.kvm_count").is_some(),
        "{}",
        play.table
    );
}

#[test]
fn amdgpu_leaves_its_lock_behind_and_the_next_writer_waits_for_ever() {
    let mut play = Play::new(machine(V419, &[AMDGPU, I915], "down_write rw\nup_write rw"));
    play.reap();
    for _ in 0..12 {
        play.steps("oom_reaper").go_on();
    }
    assert_eq!(play.run_of("oom_reaper"), Run::Idle);
    assert!(play.holds("oom_reaper", "rw").is_some());
    play.steps("d");
    assert!(play.waits_for("d", "rw"));
}

#[test]
fn amdgpu_gives_its_lock_back_before_it_fails_on_an_object_of_its_own() {
    let mut play = Play::new(machine(V419, &["kind = \"amdgpu\"; lock = \"rw\""], ""));
    play.reap();
    assert!(play.holds("oom_reaper", "rw").is_none());
    assert_eq!(play.left(), 30);
}

#[test]
fn amdgpu_waits_for_its_lock_even_where_it_may_not() {
    let device = "down_write rw\nup_write rw";
    let mut play = Play::new(machine(V419, &[AMDGPU], device));
    play.steps("d").reap();
    assert!(play.waits_for("oom_reaper", "rw"));
    assert!(play.holds("oom_reaper", "srcu").is_some());
    play.steps("d").go_on();
    assert_eq!(play.left(), 0);
}

#[test]
fn odp_fails_where_hmm_goes_on_and_both_wait_in_range_end() {
    let odp = "kind = \"odp\"; lock = \"rw\"; overlaps = false";
    let device = "down_write rw\nup_write rw";
    let mut play = Play::new(machine(V419, &[odp], device));
    play.steps("d").reap();
    assert_eq!(play.left(), 30, "the trylock failed");
    for notifier in [odp, HMM] {
        let mut play = Play::new(machine(V419, &[notifier], device));
        // Up to the zap of the first VMA; then somebody takes the lock for writing.
        play.steps("a a oom_reaper oom_reaper oom_reaper oom_reaper d");
        assert_eq!(play.left(), 10, "{}", play.table);
        play.go_on();
        assert!(play.waits_for("oom_reaper", "rw"), "{}", play.table);
        assert!(
            play.holds("oom_reaper", "v.mmap_sem").is_some()
                && play.holds("oom_reaper", "srcu").is_some()
        );
    }
}

#[test]
fn odp_counts_before_it_finds_its_object_and_does_not_take_that_back() {
    let mut play = Play::new(machine(V419, &["kind = \"odp\"; lock = \"rw\""], ""));
    play.reap();
    assert!(play.has(MmFlags::UNPAIRED));
    assert!(play.holds("oom_reaper", "v.odp_count").is_some());
}

#[test]
fn hmm_never_waits_in_range_end_from_4_20_on_nor_with_the_proposal() {
    let device = "down_write rw\nup_write rw";
    let mut play = Play::new(machine(V420, &[HMM], device));
    play.steps("d").reap();
    assert!(matches!(play.run_of("oom_reaper"), Run::Asleep { .. }));
    assert_eq!(play.left(), 30);
    play.steps("d oom_reaper").go_on();
    assert_eq!(play.left(), 0, "the second try: {}", play.table);
    let mut play = Play::new(machine(V419, &[HMM], device));
    play.switch("hmm-start-eagain", true).reap();
    assert_eq!(play.left(), 30, "refused although nobody holds the lock");
}

#[test]
fn a_reaper_that_blocks_waits_for_whoever_holds_struct_mutex() {
    let device = "mutex_lock m\nmutex_unlock m";
    let mut play = Play::new(machine(V419, &[I915], device));
    play.switch("reaper-blocking-start", true).steps("d").reap();
    assert!(play.waits_for("oom_reaper", "m"));
    play.steps("d oom_reaper").go_on();
    assert_eq!(play.left(), 0, "{}", play.table);
}

#[test]
fn a_module_that_ignores_the_rule_blocks_the_reaper() {
    let module = "kind = \"out_of_tree\"; lock = \"m\"; start = \"block\"";
    let device = "mutex_lock m\nmutex_unlock m";
    let mut play = Play::new(machine(V419, &[module], device));
    play.steps("d").reap();
    assert!(play.waits_for("oom_reaper", "m"));
    let trylock = module.replace("block", "trylock");
    let mut play = Play::new(machine(V419, &[&trylock], device));
    play.steps("d").reap();
    assert!(matches!(play.run_of("oom_reaper"), Run::Asleep { .. }));
}

#[test]
fn m1_empties_the_list_and_waits_until_the_reaper_is_out_of_its_callback() {
    let device = "down_write rw\nup_write rw";
    let mut play = Play::new(machine(V419, &[AMDGPU], device));
    play.steps("d").reap().steps("waker v v v v");
    assert!(play.waits_for("v", "srcu"), "{}", play.table);
    assert!(play.has(MmFlags::NOTIFIERS_GONE));
    play.table.clear();
    play.steps("d oom_reaper v v");
    play.is(expect![[r#"
        d: LockReleased { task: d, lock: rw, mode: Write }
        d: LockGranted { task: oom_reaper, lock: rw, mode: Read }
        d: ProgramEnded { task: d }
        oom_reaper: CallbackGoesOn { task: oom_reaper, mm: MmId(0), notifier: 0 }
        oom_reaper: LockReleased { task: oom_reaper, lock: srcu, mode: Read }
        oom_reaper: WaitedOut { task: v, lock: srcu }
        v: VmaZapped { task: v, mm: MmId(0), vma: 0, pages: 20 }
        v: VmaZapped { task: v, mm: MmId(0), vma: 1, pages: 10 }
        v: SkipSet { mm: MmId(0) }
    "#]]);
}

#[test]
fn m1_between_zap_and_end_leaves_nobody_to_call() {
    let mut play = Play::new(machine(V419, &[AMDGPU], ""));
    // Start, and out of the section before the zap.
    play.steps("a a oom_reaper oom_reaper oom_reaper oom_reaper");
    assert!(play.holds("oom_reaper", "rw").is_some(), "{}", play.table);
    play.steps("waker v v v");
    assert!(play.has(MmFlags::NOTIFIERS_GONE), "{}", play.table);
    play.go_on();
    assert!(play.holds("oom_reaper", "rw").is_some(), "{}", play.table);
    assert!(play.has(MmFlags::UNPAIRED));
}

#[test]
fn a_killed_vcpu_ends_its_access_and_enters_no_guest_again() {
    let text = machine(V419, &[KVM, I915], "");
    let mut play = Play::new(text);
    play.machine.tasks[0].program = {
        let guest = oomscope_model::machine::Op::GuestAccess { mm: MmId(0) };
        let line = play.machine.tasks[0].program[0];
        vec![oomscope_model::machine::Line { op: guest, ..line }; 2]
    };
    play.state = State::start(&play.machine);
    play.reap();
    assert!(play.holds("oom_reaper", "v.kvm_count").is_some());
    play.steps("v");
    assert!(!play.waits_for("v", "v.kvm_count"), "{}", play.table);
    play.steps("v v v v v v v");
    assert!(matches!(play.run_of("v"), Run::Exited), "{}", play.table);
}
